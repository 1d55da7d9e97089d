using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;

namespace NetPulse.Lab.Judge;

/// <summary>Results for people.</summary>
internal static class ResultTable
{
    internal const string Header =
        "| scenario | untouched | healed by hand | ours | ratio | cause | change | seconds | wrong |\n|---|---|---|---|---|---|---|---|---|";

    /// <param name="figure">Of the scenario's first judged load.</param>
    internal static string Row(Scenario scenario, ScenarioResult result, Figure figure)
    {
        if (result.Failed is { } reason)
        {
            return $"| {scenario.Name} | | | | | {reason} | | | |";
        }

        var byHand = scenario.Expected is { } expected ? $"{figure.Text(expected.After)}, ratio {figure.Ratio(expected.Before, expected.After):0.0}" : "nothing to heal";
        return $"| {scenario.Name} | {figure.Text(result.Before)} | {byHand} | {figure.Text(result.After)} | {result.Ratio:0.0} | {result.Cause ?? "-"} | {result.Change ?? "-"} | {result.SecondsToHeal:0} | {result.AppliedWrong} |";
    }

    internal static string SideBySide(Scenario scenario, ScenarioResult profile, ScenarioResult ours, Figure figure) => (profile.Failed ?? ours.Failed) is { } reason
        ? $"| {scenario.Name} | | | | {reason} | | | |"
        : $"| {scenario.Name} | {figure.Text(profile.Before)} | {figure.Text(profile.After)}, ratio {profile.Ratio:0.0} | {(scenario.Bpftune.Length > 0 ? scenario.Bpftune : "-")} "
        + $"| {figure.Text(ours.After)}, ratio {ours.Ratio:0.0} | {ours.Cause ?? "-"} | {ours.Change ?? "nothing"} | {ours.SecondsToHeal:0} |";

    internal static string Page(string profile, IReadOnlyList<string> rows, DateTimeOffset at) => $"""
        # The lab: untouched, a static profile, ours

        Written by `make bench-lab` on {at:yyyy-MM-dd} ({Environment.ProcessorCount} processors, {Environment.OSVersion.VersionString}). The static profile (`{profile}`) is written in
        the host's network namespace once there is trouble. bpftune was not run: the column says what its documentation says. Seconds are from the trouble's beginning until
        the load's own figure had nine tenths of the ratio that healing by hand brings (docs/lab.md); where they are missing, it was not healed.

        | scenario | untouched | static profile | bpftune | ours | cause | change | seconds |
        |---|---|---|---|---|---|---|---|
        {string.Join('\n', rows)}

        """;
}
