using System.Collections.Immutable;
using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Why something is slow, or fails.</summary>
public enum Cause
{
    /// <summary>None of our causes is proven.</summary>
    Unknown,

    /// <summary>The receiver's window ceiling is below what the path could hold.</summary>
    ReceiveWindowBelowBandwidthDelay,

    /// <summary>The receiving application reads more slowly than data arrives.</summary>
    SlowReader,
}

/// <summary>One thing that was measured and what it had to be.</summary>
/// <param name="What">What was looked at.</param>
/// <param name="Measured">With its unit.</param>
/// <param name="Required">What speaks for the cause.</param>
/// <param name="Holds"><see langword="null"/> when it could not be measured.</param>
public sealed record Evidence(string What, string Measured, string Required, bool? Holds)
{
    /// <summary>Holds as the comparison says, unless one of the values that it compares was not measured.</summary>
    internal static Evidence Of(string what, string measured, string required, bool holds, params ReadOnlySpan<double?> compared)
    {
        foreach (var value in compared)
        {
            if (value is null)
            {
                return new Evidence(what, measured, required, null);
            }
        }

        return new Evidence(what, measured, required, holds);
    }

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
}

/// <summary>What one rule says of a subject.</summary>
/// <param name="Finding">The cause, when it is proven.</param>
/// <param name="Refutation">What spoke against it, when it is not.</param>
public sealed record Judgement(Finding? Finding, ImmutableArray<Evidence> Refutation)
{
    /// <summary>Proven when nothing speaks against the cause and most of its proof could be measured.</summary>
    internal static Judgement Of(Cause cause, string summary, string advice, SubjectEvidence measured, params ImmutableArray<Evidence> proof)
    {
        var against = proof.Where(evidence => evidence.Holds == false).ToImmutableArray();
        var unmeasured = proof.Count(evidence => evidence.Holds is null);
        return against.Length == 0 && unmeasured * 3 <= proof.Length
            ? new Judgement(new Finding(cause, summary, advice, (proof.Length - unmeasured) / (double)proof.Length, proof, measured), [])
            : new Judgement(null, against.Length > 0 ? against : [.. proof.Where(evidence => evidence.Holds is null)]);
    }
}

/// <summary>Proves or refutes one cause from what was measured; pure.</summary>
public interface ICauseRule
{
    /// <returns><see langword="null"/> where the cause cannot be that of such a subject.</returns>
    Judgement? Judge(SubjectEvidence evidence);
}
