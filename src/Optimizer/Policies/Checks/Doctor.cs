using System.Collections.Immutable;
using System.Text.Json;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>What a check found.</summary>
/// <param name="Missing">What it would have had to see; empty when it has seen all that it needs.</param>
public sealed record CheckResult(Check Check, ImmutableArray<string> Missing, ImmutableArray<Finding> Findings)
{
    /// <summary>Neither well nor wrong: something was not there to look at.</summary>
    public bool IsUnknown => !Missing.IsEmpty;
}

/// <summary>Runs every check on what there is.</summary>
public static class Doctor
{
    public static ImmutableArray<CheckResult> Examine(ClusterEvidence evidence)
    {
        var present = evidence.Present;
        return [.. CheckCatalogue.All.Select(check => Examine(check, evidence, [.. Missing(check, evidence, present)]))];
    }

    private static CheckResult Examine(Check check, ClusterEvidence evidence, ImmutableArray<string> missing)
    {
        if (!missing.IsEmpty)
        {
            return new CheckResult(check, missing, []);
        }

        try
        {
            return new CheckResult(check, [], [.. check.Find(evidence).Select(f => evidence.Locate(f.Fix.Length > 0 ? f : f with { Fix = check.Fix }))]);
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException)
        {
            // One object of an unexpected shape must not keep the other checks from their answers.
            return new CheckResult(check, [$"objects of the shape that their kind has ({e.Message})"], []);
        }
    }

    private static IEnumerable<string> Missing(Check check, ClusterEvidence evidence, Evidence present)
    {
        foreach (var words in EvidenceWords.Of(check.Needs & ~present))
        {
            yield return words;
        }

        if (!evidence.HasAny(check.Kinds))
        {
            yield return string.Join(" or ", check.Kinds);
        }

        if (evidence.Metrics is not null && !check.Samples.IsEmpty && !check.Samples.Any(s => evidence.Metric(s).Any()))
        {
            yield return string.Join(" or ", check.Samples);
        }

        if (check.Lacks(evidence) is { } lacking)
        {
            yield return lacking;
        }
    }
}
