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

    private readonly Dictionary<Signal, DepartureWatch<Edge>> watches = new[] { Signal.Throughput, Signal.RoundTripTime }
        .ToDictionary(static signal => signal, signal => new DepartureWatch<Edge>(KindOf(signal), SideOf(signal), options.Value));

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
    /// <param name="now">Time of the look.</param>
    public ImmutableArray<Anomaly> FindAnomalies(ImmutableArray<EdgeTraffic> traffic, Announcements announcements, DateTimeOffset now)
    {
        var (rates, times) = (watches[Signal.Throughput], watches[Signal.RoundTripTime]);
        var watched = traffic.Where(edge => edge.BestThroughput.Value >= options.Value.MinimumBytesPerSecond || rates.Contains(edge.Edge))
            .Select(edge => (Traffic: edge, Announced: announcements.Of(new Subject.OfEdge(edge.Edge)))).ToList();
        rates.Observe(watched.Select(edge => new SeriesLook<Edge>(edge.Traffic.Edge, edge.Traffic.Throughput, edge.Announced)), now);
        times.Observe(watched.Select(edge => new SeriesLook<Edge>(edge.Traffic.Edge, edge.Traffic.RoundTripTime, edge.Announced)), now);
        return
        [
            .. from edge in watched
               from watch in watches
               let departure = watch.Value.Current(edge.Traffic.Edge)
               where departure is not null
               select new Anomaly(new Subject.OfEdge(edge.Traffic.Edge), watch.Key, departure),
        ];
    }

    /// <summary>What is known of every series, for a restart, but for those that were not seen for a day.</summary>
    public IReadOnlyList<EdgeMemory> Save() =>
        [.. watches.SelectMany(watch => watch.Value.Save().Select(each => new EdgeMemory(each.Key, watch.Key, options.Value.WarmUpPoints, each.State)))];

    /// <summary>Takes up what <see cref="Save"/> returned, but for what was learned with another warm-up.</summary>
    /// <exception cref="InvalidDataException">A series' state cannot be used.</exception>
    public void Resume(IEnumerable<EdgeMemory> memories)
    {
        foreach (var memory in memories.Where(memory => memory.WarmUpPoints == options.Value.WarmUpPoints))
        {
            var watch = watches.GetValueOrDefault(memory.Signal) ?? throw new InvalidDataException($"the signal {memory.Signal} is not watched for edges; remove the state, and it is learned anew");
            watch.Resume(memory.Edge, memory.State);
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
