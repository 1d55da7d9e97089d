using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>One sample of a scrape.</summary>
public sealed partial record MetricReading(string Name, ImmutableDictionary<string, string> Labels, double Value)
{
    /// <summary>Prometheus's text format; a line that is none is left aside.</summary>
    public static IEnumerable<MetricReading> Parse(string text) =>
        from line in text.Split('\n')
        let match = Sample().Match(line)
        where match.Success && double.TryParse(match.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        select new MetricReading(
            match.Groups["name"].Value,
            Label().Matches(match.Groups["labels"].Value).DistinctBy(static l => l.Groups["name"].Value).ToImmutableDictionary(static l => l.Groups["name"].Value, static l => l.Groups["value"].Value, StringComparer.Ordinal),
            double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>.*)\})?\s+(?<value>\S+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>\w+)="(?<value>[^"]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Label();
}
