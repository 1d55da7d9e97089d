using System.Collections.Immutable;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Collects what a cause needs, piece by piece.</summary>
/// <remarks>Proven when its first piece was measured, nothing that was measured speaks against it, and most of it was measured.</remarks>
internal sealed class Proof(CauseDescription about, SubjectEvidence evidence)
{
    private readonly ImmutableArray<Evidence>.Builder pieces = ImmutableArray.CreateBuilder<Evidence>();

    /// <param name="what">What was looked at.</param>
    /// <param name="measured"><see langword="null"/> where it was not measured.</param>
    /// <param name="text">The value with its unit.</param>
    /// <param name="required">What speaks for the cause, in words.</param>
    /// <param name="holds">The same as a comparison.</param>
    public Proof Needs(string what, double? measured, Func<double?, string> text, string required, Func<double, bool> holds) =>
        Needs(new Evidence(what, text(measured), required, measured is { } value ? holds(value) : null));

    /// <summary>Where the bound is measured too; neither is known without the other.</summary>
    public Proof Needs(string what, double? measured, double? bound, Func<double?, string> text, string required, Func<double, double, bool> holds) =>
        Needs(new Evidence(what, text(measured), required, measured is { } value && bound is { } limit ? holds(value, limit) : null));

    public Proof Needs(Evidence piece)
    {
        pieces.Add(piece);
        return this;
    }

    /// <summary>What can be asked of some subjects only: nothing of one that has no listener.</summary>
    public Proof NeedsWhereItIs(Evidence? piece) => piece is null ? this : Needs(piece);

    /// <param name="summary">In one sentence, should it be proven.</param>
    /// <param name="explains">Share of the trouble.</param>
    public Judgement Judge(string summary, double explains = 0)
    {
        var proof = pieces.ToImmutable();
        var against = proof.RemoveAll(piece => piece.Holds != false);
        var unmeasured = proof.Count(piece => piece.Holds is null);
        if (against.IsEmpty && proof[0].Holds == true && unmeasured * 3 <= proof.Length)
        {
            var confidence = (proof.Length - unmeasured) / (double)proof.Length;
            var finding = new Finding(about.Cause, summary, about.Advice, confidence, proof, evidence) { Strength = about.Strength, Explains = Math.Clamp(explains, 0, 1) };
            return new Judgement(finding, []);
        }

        return new Judgement(null, against.IsEmpty ? proof.RemoveAll(piece => piece.Holds is not null) : against);
    }
}
