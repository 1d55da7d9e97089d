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
        return [.. CheckCatalogue.All.Select(check => Examine(check, evidence, [.. EvidenceWords.Of(check.Needs & ~present), .. evidence.HasAny(check.Kinds) ? [] : Wanted(check)]))];
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

    private static ImmutableArray<string> Wanted(Check check) => [string.Join(" or ", check.Kinds)];
}
