using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Detection;

/// <summary>What an edge carried lately.</summary>
/// <param name="Edge">Who sends to whom.</param>
/// <param name="Throughput">Payload bytes per second that the owner sent.</param>
/// <param name="RoundTripTime">Smoothed, in seconds.</param>
public sealed record EdgeTraffic(Edge Edge, TimeSeries Throughput, TimeSeries RoundTripTime)
{
    /// <summary>The highest rate that the edge held for at least three readings: what the path is known to carry.</summary>
    public BytesPerSecond BestThroughput
    {
        get
        {
            var rates = Throughput.Values.ToArray();
            Array.Sort(rates);
            return new BytesPerSecond(rates.Length == 0 ? 0 : rates[Math.Max(0, rates.Length - 3)]);
        }
    }

    public BytesPerSecond LatestThroughput => new(Latest(Throughput));

    /// <summary>Zero when none was measured.</summary>
    public TimeSpan LatestRoundTripTime => TimeSpan.FromSeconds(Latest(RoundTripTime));

    private static double Latest(TimeSeries series) => series.Count == 0 ? 0 : series.Values.Span[^1];
}

/// <summary>What a restart needs of one series.</summary>
/// <param name="WarmUpPoints">With which it was learned.</param>
public sealed record EdgeMemory(Edge Edge, Signal Signal, int WarmUpPoints, DepartureState State);

/// <summary>Reads every edge's traffic from the store and finds the ones that left what was normal for them.</summary>
public sealed class EdgeWatch(ISampleStore store, IOptions<DetectionOptions> options)
{
    /// <summary>Time that a reading may take to reach the store.</summary>
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1);

    private readonly Dictionary<(Edge Edge, Signal Signal), DepartureWatch> watches = [];

    /// <summary>Every edge that still reports; one that fell silent has ended and is no anomaly.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<EdgeTraffic>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(now, options.Value.Window);
        var sent = await store.ReadAsync(SeriesSelector.Of(TcpMetrics.IoBytes.Name, (LabelNames.Direction, LabelNames.Transmit)), range, cancellationToken);
        var roundTripTimes = await store.ReadAsync(SeriesSelector.Of(TcpMetrics.SmoothedRtt.Name), range, cancellationToken);
        var rttByEdge = roundTripTimes.ToLookup(series => Edge.Of(series.Labels));
        return
        [
            .. from series in sent
               group series by Edge.Of(series.Labels) into ofEdge
               let edge = ofEdge.Key
               // Somebody else's labels, as a second sender's, can make two series of one edge.
               let counter = ofEdge.MaxBy(series => series.Count)
               let longestGap = LongestGap(counter)
               where now - counter.At(counter.Count - 1) <= longestGap + Lag
               let throughput = CounterRate.Of(counter, longestGap)
               orderby edge.ToString()
               select new EdgeTraffic(edge, throughput, rttByEdge[edge].FirstOrDefault() ?? new TimeSeries(counter.Labels, default, default)),
        ];
    }

    /// <summary>Falls of throughput and rises of round-trip time on edges that carry traffic worth watching. What was looked at before is not looked at again.</summary>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="announcements">Changes that are nobody's trouble.</param>
    public ImmutableArray<Anomaly> FindAnomalies(ImmutableArray<EdgeTraffic> traffic, Announcements announcements)
    {
        var found = ImmutableArray.CreateBuilder<Anomaly>();
        foreach (var edge in traffic.Where(edge => edge.BestThroughput.Value >= options.Value.MinimumBytesPerSecond || watches.ContainsKey((edge.Edge, Signal.Throughput))))
        {
            Look(edge.Edge, Signal.Throughput, edge.Throughput);
            Look(edge.Edge, Signal.RoundTripTime, edge.RoundTripTime);
        }

        return found.DrainToImmutable();

        void Look(Edge edge, Signal signal, TimeSeries series)
        {
            if (!watches.TryGetValue((edge, signal), out var watch))
            {
                watches[(edge, signal)] = watch = new DepartureWatch(KindOf(signal), SideOf(signal), options.Value);
            }

            watch.Observe(series, at => announcements.Covers(edge, at));
            if (watch.Current is { } departure)
            {
                found.Add(new Anomaly(new Subject.OfEdge(edge), signal, departure));
            }
        }
    }

    /// <summary>What is known of every series, for a restart. What was not seen for <see cref="Forgotten"/> before the latest is given up.</summary>
    public IReadOnlyList<EdgeMemory> Save()
    {
        var latest = watches.Count == 0 ? DateTimeOffset.MinValue : watches.Values.Max(watch => watch.LastPoint);
        foreach (var (key, _) in watches.Where(pair => latest - pair.Value.LastPoint > Forgotten).ToList())
        {
            watches.Remove(key);
        }

        return [.. watches.Select(pair => new EdgeMemory(pair.Key.Edge, pair.Key.Signal, options.Value.WarmUpPoints, pair.Value.Save()))];
    }

    /// <summary>Takes up what <see cref="Save"/> returned, but for what was learned with another warm-up.</summary>
    /// <exception cref="InvalidDataException">A series' state cannot be used; nothing was taken up.</exception>
    public void Resume(IEnumerable<EdgeMemory> memories)
    {
        var restored = memories.Where(memory => memory.WarmUpPoints == options.Value.WarmUpPoints)
            .Select(memory => (Key: (memory.Edge, memory.Signal), Watch: DepartureWatch.Restore(KindOf(memory.Signal), SideOf(memory.Signal), options.Value, memory.State))).ToList();
        foreach (var (key, watch) in restored)
        {
            watches[key] = watch;
        }
    }

    private static SignalKind KindOf(Signal signal) => signal == Signal.Throughput ? SignalKind.Throughput : SignalKind.Latency;

    private static Deviation SideOf(Signal signal) => signal == Signal.Throughput ? Deviation.Fall : Deviation.Rise;

    /// <summary>Three readings' time: what lies further apart has missed some.</summary>
    private static TimeSpan LongestGap(TimeSeries series)
    {
        var times = series.UnixMilliseconds.Span;
        if (times.Length < 2)
        {
            return TimeSpan.Zero;
        }

        var gaps = new long[times.Length - 1];
        for (var i = 1; i < times.Length; i++)
        {
            gaps[i - 1] = times[i] - times[i - 1];
        }

        Array.Sort(gaps);
        return TimeSpan.FromMilliseconds(gaps[gaps.Length / 2] * 3);
    }
}
