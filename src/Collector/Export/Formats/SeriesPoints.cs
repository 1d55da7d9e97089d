using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Export.Formats;

/// <summary>One point of a series.</summary>
/// <param name="UnixMilliseconds">When it was read.</param>
internal readonly record struct Point(long UnixMilliseconds, double Value);

/// <summary>One series in one request.</summary>
/// <param name="Metric">What it measures; for a histogram's bucket, sum and count the histogram.</param>
/// <param name="Points">In order of time, one a time.</param>
internal sealed record SeriesPoints(MetricDefinition Metric, LabelSet Labels, IReadOnlyList<Point> Points);
