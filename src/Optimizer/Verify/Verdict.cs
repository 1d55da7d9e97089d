namespace NetPulse.Optimizer.Verify;

public enum Outcome
{
    /// <summary>Too few readings yet.</summary>
    Unclear,

    /// <summary>Better by more than chance, and no guard metric worse.</summary>
    Helped,

    /// <summary>Not better by more than chance.</summary>
    NoEffect,

    /// <summary>Worse by more than chance, or a guard metric is.</summary>
    Harmed,
}

/// <summary>What a change did to its objective, measured.</summary>
/// <param name="Outcome">What follows from the figures.</param>
/// <param name="Before">Mean of the objective before the change, during the trouble, in its unit.</param>
/// <param name="After">Mean after it.</param>
/// <param name="Effect">Ratio after/before, better above 1, that of the untouched control divided out where there is one; <see langword="null"/> while unclear.</param>
/// <param name="Reason">For people, with every figure that decided.</param>
public sealed record Verdict(Outcome Outcome, double Before, double After, Effect? Effect, string Reason);

/// <summary>A ratio with its 95 % confidence interval.</summary>
/// <param name="Ratio">1 is no change.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="PValue">Probability of a ratio as far from 1 by chance; two-sided.</param>
public sealed record Effect(double Ratio, double Low, double High, double PValue)
{
    public override string ToString() => $"×{Ratio:0.00} (95 % interval {Low:0.00} to {High:0.00}, p {(PValue < 0.001 ? "< 0.001" : $"= {PValue:0.000}")})";
}
