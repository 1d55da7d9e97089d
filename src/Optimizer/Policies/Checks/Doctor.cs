using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>What a check found.</summary>
/// <param name="Missing">What it would have had to see; <see cref="Evidence.None"/> when it has seen all that it needs.</param>
public sealed record CheckResult(Check Check, Evidence Missing, ImmutableArray<Finding> Findings)
{
    /// <summary>Neither well nor wrong: something was not there to look at.</summary>
    public bool IsUnknown => Missing != Evidence.None;
}

/// <summary>Runs every check on what there is.</summary>
public static class Doctor
{
    public static ImmutableArray<CheckResult> Examine(ClusterEvidence evidence)
    {
        var present = evidence.Present;
        return [.. CheckCatalogue.All.Select(check => Examine(check, evidence, check.Needs & ~present))];
    }

    private static CheckResult Examine(Check check, ClusterEvidence evidence, Evidence missing) =>
        new(check, missing, missing == Evidence.None ? [.. check.Find(evidence)] : []);
}
