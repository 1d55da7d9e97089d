using System.Globalization;

namespace NetPulse.EndToEnd;

internal static class RunCount
{
    /// <returns>How many runs an optimizer has ended, whatever their results, by its own metrics.</returns>
    public static int Of(string metrics) =>
        metrics.Split('\n').Where(static line => line.StartsWith("netpulse_optimizer_runs_total{", StringComparison.Ordinal))
            .Sum(static line => (int)double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
}
