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
        var byHand = scenario.Expected is { } expected ? $"{figure.Text(expected.After)}, ratio {figure.Ratio(expected.Before, expected.After):0.0}" : "nothing to heal";
        return $"| {scenario.Name} | {figure.Text(result.Before)} | {byHand} | {figure.Text(result.After)} | {result.Ratio:0.0} | {result.Cause ?? "-"} | {result.Change ?? "-"} | {result.SecondsToHeal:0} | {result.AppliedWrong} |";
    }
}
