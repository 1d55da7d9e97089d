using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>Series of the store by metric and the labels that they must have. An empty value is an absent label.</summary>
public sealed record MeasuredSeries(string Metric, ImmutableSortedDictionary<string, string> Labels)
{
    [JsonIgnore]
    public SeriesSelector Selector => SeriesSelector.Of(Metric, [.. Labels.Select(label => (label.Key, label.Value))]);

    /// <param name="selector">Of one metric, by equality alone.</param>
    public static MeasuredSeries Of(SeriesSelector selector) => new(
        selector.Matchers.First(matcher => matcher.Name == LabelSet.MetricName).Value,
        selector.Matchers.Where(matcher => matcher.Name != LabelSet.MetricName).ToImmutableSortedDictionary(matcher => matcher.Name, matcher => matcher.Value, StringComparer.Ordinal));

    /// <summary>The same labels of another metric.</summary>
    public MeasuredSeries With(string metric) => this with { Metric = metric };

    public override string ToString() => Selector.ToString();
}

/// <summary>How one value over time is made from series of the store; where several series match, they are added up.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Rate), "rate")]
[JsonDerivedType(typeof(Share), "share")]
[JsonDerivedType(typeof(Gauge), "gauge")]
[JsonDerivedType(typeof(Quantile), "quantile")]
public abstract record Measure
{
    private Measure()
    {
    }

    /// <summary>Increase of counters per second.</summary>
    public sealed record Rate(ImmutableArray<MeasuredSeries> Counters) : Measure;

    /// <summary>Increase of some counters per increase of others: an error's share, or the mean of a histogram by its sum and count. No value where the whole did not grow.</summary>
    public sealed record Share(ImmutableArray<MeasuredSeries> Part, ImmutableArray<MeasuredSeries> Whole) : Measure;

    /// <summary>The mean over the series.</summary>
    public sealed record Gauge(MeasuredSeries Series) : Measure;

    /// <summary>A quantile, 0 to 1, of what a histogram counted between two readings.</summary>
    public sealed record Quantile(MeasuredSeries Histogram, double At) : Measure;

    public static Measure RateOf(params ReadOnlySpan<SeriesSelector> counters) => new Rate(ListOf(counters));

    public static Measure ShareOf(SeriesSelector part, params ReadOnlySpan<SeriesSelector> whole) => new Share([MeasuredSeries.Of(part)], ListOf(whole));

    public static Measure GaugeOf(SeriesSelector series) => new Gauge(MeasuredSeries.Of(series));

    public static Measure QuantileOf(double at, SeriesSelector histogram) => new Quantile(MeasuredSeries.Of(histogram), at);

    /// <summary>The mean of what a histogram counted.</summary>
    public static Measure MeanOf(SeriesSelector histogram)
    {
        var series = MeasuredSeries.Of(histogram);
        return new Share([series.With($"{series.Metric}_sum")], [series.With($"{series.Metric}_count")]);
    }

    private static ImmutableArray<MeasuredSeries> ListOf(ReadOnlySpan<SeriesSelector> selectors)
    {
        var series = ImmutableArray.CreateBuilder<MeasuredSeries>(selectors.Length);
        foreach (var selector in selectors)
        {
            series.Add(MeasuredSeries.Of(selector));
        }

        return series.MoveToImmutable();
    }
}
