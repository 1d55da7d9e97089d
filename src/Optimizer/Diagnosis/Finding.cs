using System.Collections.Immutable;
using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>How hard a cause's proof is.</summary>
public enum Strength
{
    /// <summary>Figures that fit together; another cause may lie beneath.</summary>
    Shape,

    /// <summary>The kernel itself counts the error.</summary>
    Error,
}

/// <summary>What a rule knows of its cause, for people.</summary>
/// <param name="Cause">Which.</param>
/// <param name="Strength">Errors are looked at before shapes.</param>
/// <param name="Proof">What proves it.</param>
/// <param name="Refutation">What refutes it.</param>
/// <param name="Advice">What heals it where no sysctl does; empty otherwise.</param>
public sealed record CauseDescription(Cause Cause, Strength Strength, string Proof, string Refutation, string Advice = "");

/// <summary>One thing that was measured and what it had to be.</summary>
/// <param name="What">What was looked at.</param>
/// <param name="Measured">With its unit.</param>
/// <param name="Required">What speaks for the cause.</param>
/// <param name="Holds"><see langword="null"/> when it could not be measured.</param>
public sealed record Evidence(string What, string Measured, string Required, bool? Holds)
{
    public override string ToString() => $"{What} {Measured} ({(Holds == false ? "not " : "")}{Required})";
}

/// <summary>A cause with its proof; every piece of it holds.</summary>
/// <param name="Cause">What it is.</param>
/// <param name="Summary">For people, in one sentence.</param>
/// <param name="Advice">What heals it when no change of ours does; empty otherwise.</param>
/// <param name="Confidence">0 to 1: the share of the proof that could be measured.</param>
/// <param name="Proof">What was looked at; for <see cref="Cause.Unknown"/>, what spoke against each cause.</param>
/// <param name="Measured">What it was judged by.</param>
public sealed record Finding(Cause Cause, string Summary, string Advice, double Confidence, ImmutableArray<Evidence> Proof, SubjectEvidence Measured)
{
    public Subject Subject => Measured.Subject;

    public Strength Strength { get; init; }

    /// <summary>Share of the trouble that the cause explains, as far as it can be measured: 0 to 1.</summary>
    public double Explains { get; init; }
}

/// <summary>What one rule says of a subject.</summary>
/// <param name="Finding">The cause, when it is proven.</param>
/// <param name="Refutation">What spoke against it, when it is not.</param>
public sealed record Judgement(Finding? Finding, ImmutableArray<Evidence> Refutation);

/// <summary>Proves or refutes one cause from what was measured; pure.</summary>
public interface ICauseRule
{
    CauseDescription About { get; }

    /// <returns><see langword="null"/> where the cause cannot be that of such a subject.</returns>
    Judgement? Judge(SubjectEvidence evidence);
}
