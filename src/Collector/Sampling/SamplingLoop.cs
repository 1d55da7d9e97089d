using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sampling;

/// <summary>Reads every source at each tick and hands the reading to every sink. A source that fails never stops the others.</summary>
public sealed partial class SamplingLoop(
    NodeObserver node,
    IEnumerable<ISource> sources,
    IEnumerable<IReadingSink> sinks,
    NodeName name,
    SeriesBudget budget,
    PlaceLabels place,
    IOptions<SamplingOptions> options,
    TimeProvider time,
    ILogger<SamplingLoop> logger) : BackgroundService
{
    private const string Attribution = "attribution";

    private readonly ISource[] sources = [.. sources];
    private readonly IReadingSink[] sinks = [.. sinks];
    private readonly SeriesLabels labels = new(name.Value);
    private readonly Dictionary<string, string> failures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> successes = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var tick = new PeriodicTimer(options.Value.Interval, time);
        do
        {
            ReadAll();
        }
        while (await tick.WaitForNextTickAsync(stoppingToken));
    }

    private void ReadAll()
    {
        labels.BeginReading();
        var samples = new SampleWriter(time.GetUtcNow());
        Attempt(Attribution, node.Refresh, samples);
        foreach (var source in sources)
        {
            Attempt(source.Name, () => source.Read(samples), samples);
        }

        var reading = new Reading(samples.At, place.On(budget.Apply(samples.Families(), samples.At)));
        foreach (var sink in sinks)
        {
            sink.Take(reading);
        }
    }

    /// <summary>Named in the log when it begins to fail, fails otherwise than before, or works again; in the metrics always.</summary>
    private void Attempt(string source, Action read, SampleWriter samples)
    {
        var started = time.GetTimestamp();
        try
        {
            read();
            successes[source] = samples.At;
            if (failures.Remove(source))
            {
                LogRecovered(source);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (failures.GetValueOrDefault(source) != e.Message)
            {
                failures[source] = e.Message;
                LogReadFailed(source, e.Message);
            }
        }

        var label = new Label(LabelNames.Source, source);
        samples.Write(SourceMetrics.Success, labels.Of(SourceMetrics.Success, null, label), failures.ContainsKey(source) ? 0 : 1);
        samples.Write(SourceMetrics.Duration, labels.Of(SourceMetrics.Duration, null, label), time.GetElapsedTime(started).TotalSeconds);
        if (successes.TryGetValue(source, out var last))
        {
            samples.Write(SourceMetrics.LastSuccess, labels.Of(SourceMetrics.LastSuccess, null, label), last.ToUnixTimeMilliseconds() / 1000.0);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source {Source} cannot be read, the others go on: {Problem}")]
    private partial void LogReadFailed(string source, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Source {Source} can be read again")]
    private partial void LogRecovered(string source);
}
