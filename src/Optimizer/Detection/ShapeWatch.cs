using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Detection;

/// <summary>Finds edges whose own figures say that something holds them back, also where they have been so from their first minute on.</summary>
/// <remarks>These are no verdicts: most of them have several causes, some of them harmless, and only a proven cause leads to anything.</remarks>
public sealed class ShapeWatch(ISampleStore store, IOptions<DetectionOptions> options)
{
    /// <summary>How far back is looked where readings are far apart.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(45);

    /// <summary>How far otherwise: a trouble that has just begun must not hide behind what was before.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(12);

    /// <summary>What has only just begun grows into its path, and overshoots it once.</summary>
    private static readonly TimeSpan Begins = Enough + TimeSpan.FromSeconds(3);

    private const int LeastReadings = 3;

    /// <summary>A rate that is so many times all later ones was another level.</summary>
    private const double OtherLevel = 4;

    private const double LeastWindowLimited = 0.2;
    private const double LeastSendBufferLimited = 0.1;
    private const double LeastRetransmitted = 0.005;
    private const double LeastRetransmits = 10;

    /// <summary>A smoothed round trip that is so many times that of the path waits in a queue.</summary>
    private const double Inflated = 2;

    private const double LeastQueueingSeconds = 0.02;
    private const double LeastConnects = 3;

    /// <summary>Beyond the round trip itself: a SYN that was sent again takes a second more.</summary>
    private const double LeastConnectSeconds = 0.3;

    /// <summary>What keeps busy for so much of the time and moves less than <see cref="Stopped"/> makes no progress.</summary>
    private const double MostlyBusy = 0.5;

    private const double Stopped = 20_000;

    /// <summary>A window that shrinks to less than this share from one reading to the next has collapsed.</summary>
    private const double Collapsed = 0.6;

    private const int LeastCollapses = 2;

    private const double LeastNotSentBytes = 128 * 1024;

    /// <summary>Windows that all stay below this share of what they lately were have shrunk.</summary>
    private const double Shrunk = 0.5;

    /// <summary>So long is known what an edge was once allowed to have in flight: by then either it is again, or the path is another.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Dictionary<Edge, (double Bytes, DateTimeOffset At)> widest = [];

    private static readonly ImmutableArray<string> Metrics =
    [
        TcpMetrics.IoBytes.Name, TcpMetrics.Segments.Name, TcpMetrics.Retransmits.Name, TcpMetrics.BusySeconds.Name, TcpMetrics.ReceiveWindowLimitedSeconds.Name,
        TcpMetrics.SendBufferLimitedSeconds.Name, $"{TcpMetrics.Rtt.Name}_sum", $"{TcpMetrics.Rtt.Name}_count", $"{TcpMetrics.MinimumRtt.Name}_sum",
        $"{TcpMetrics.MinimumRtt.Name}_count", $"{TcpMetrics.ConnectDuration.Name}_sum", $"{TcpMetrics.ConnectDuration.Name}_count",
        TcpMetrics.CongestionWindow.Name, TcpMetrics.SlowStartThreshold.Name, TcpMetrics.Connections.Name, TcpMetrics.NotSent.Name, TcpMetrics.WithoutDelay.Name, TcpMetrics.ConnectionsClosed.Name,
    ];

    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<Anomaly>> FindAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(now, Window);
        var byEdge = new Dictionary<Edge, List<TimeSeries>>();
        foreach (var metric in Metrics)
        {
            foreach (var series in await store.ReadAsync(SeriesSelector.Of(metric), range, cancellationToken))
            {
                var edge = Edge.Of(series.Labels);
                byEdge.TryAdd(edge, []);
                byEdge[edge].Add(series);
            }
        }

        foreach (var gone in widest.Keys.Where(edge => !byEdge.ContainsKey(edge)).ToList())
        {
            widest.Remove(gone);
        }

        return [.. byEdge.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal).SelectMany(pair => Find(pair.Key, new Readings(pair.Value), now))];
    }

    private IEnumerable<Anomaly> Find(Edge edge, Readings whole, DateTimeOffset now)
    {
        if (whole.Of(TcpMetrics.IoBytes, (LabelNames.Direction, LabelNames.Transmit)) is not [{ Count: >= LeastReadings } bytes, ..] || now - bytes.At(0) < Begins)
        {
            yield break;
        }

        var latest = bytes.At(bytes.Count - LeastReadings);
        var readings = whole.Since(now - Enough < latest ? now - Enough : latest);
        if (readings.Of(TcpMetrics.IoBytes, (LabelNames.Direction, LabelNames.Transmit)) is not [{ Count: >= LeastReadings } sent, ..])
        {
            yield break;
        }

        var known = WidestWindow(edge, whole, now);
        var since = BeginOfLevel(sent);
        var seconds = (sent.At(sent.Count - 1) - sent.At(0)).TotalSeconds;
        var rate = CounterRate.Increase(sent) / Math.Max(1, seconds);
        var busy = readings.Increase(TcpMetrics.BusySeconds) ?? 0;
        var retransmits = readings.Increase(TcpMetrics.Retransmits) ?? 0;
        var segments = readings.Increase(TcpMetrics.Segments, (LabelNames.Direction, LabelNames.Transmit)) ?? 0;
        var carriesMuch = rate >= options.Value.MinimumBytesPerSecond;
        if (carriesMuch && busy > 0)
        {
            if (readings.Increase(TcpMetrics.ReceiveWindowLimitedSeconds) / busy is { } windowLimited and > LeastWindowLimited)
            {
                yield return Of(Signal.WindowLimitedShare, windowLimited, LeastWindowLimited);
            }

            if (readings.Increase(TcpMetrics.SendBufferLimitedSeconds) / busy is { } sendBufferLimited and > LeastSendBufferLimited)
            {
                yield return Of(Signal.SendBufferLimitedShare, sendBufferLimited, LeastSendBufferLimited);
            }
        }

        if (retransmits >= LeastRetransmits && retransmits / segments is var again and > LeastRetransmitted)
        {
            yield return Of(Signal.RetransmittedShare, again, LeastRetransmitted);
        }

        if (busy / Math.Max(1, seconds) is var busyShare and > MostlyBusy && rate < Stopped && retransmits > 1)
        {
            yield return Of(Signal.StalledShare, Math.Min(busyShare, 1), MostlyBusy);
        }

        var (roundTrip, path) = (MeanOf(readings, TcpMetrics.Rtt, 1), MeanOf(readings, TcpMetrics.MinimumRtt, 1));
        if (carriesMuch && roundTrip - path is { } queueing and > LeastQueueingSeconds && roundTrip > Inflated * path)
        {
            yield return Of(Signal.QueueingDelay, queueing, path!.Value);
        }

        if (MeanOf(readings, TcpMetrics.ConnectDuration, LeastConnects) is { } connect && connect - (path ?? 0) > LeastConnectSeconds)
        {
            yield return Of(Signal.ConnectDuration, connect, LeastConnectSeconds);
        }

        // Few readings fall into the moments after a pause, so that all are looked at. A connection that ends takes its window with it.
        if (carriesMuch && whole.Increase(TcpMetrics.Retransmits) is 0 && whole.Increase(TcpMetrics.ConnectionsClosed) is 0
            && whole.Falls(TcpMetrics.CongestionWindow, Collapsed) is { } collapses and >= LeastCollapses)
        {
            var ofWhole = Of(Signal.WindowCollapses, collapses / Math.Max(1, (now - bytes.At(0)).TotalSeconds), 0);
            yield return ofWhole with { Departure = ofWhole.Departure with { Onset = bytes.At(0) } };
        }

        // Connections that begin and end without a loss have a threshold only from what is remembered of the route.
        if (carriesMuch && retransmits == 0 && readings.Increase(TcpMetrics.ConnectionsClosed) is { } closed && closed >= Math.Max(1, readings.Mean(TcpMetrics.Connections) ?? 1)
            && readings.Mean(TcpMetrics.SlowStartThreshold) is > 0 and var threshold
            && threshold < Shrunk * known && readings.Most(TcpMetrics.CongestionWindow) < Shrunk * known)
        {
            yield return Of(Signal.SlowStartThreshold, threshold, Shrunk * known);
        }

        if (carriesMuch && readings.Last(TcpMetrics.WithoutDelay) > 0 && readings.Median(TcpMetrics.NotSent) is { } notSent and >= LeastNotSentBytes)
        {
            yield return Of(Signal.NotSentBytes, notSent, LeastNotSentBytes);
        }

        Anomaly Of(Signal signal, double value, double usual) =>
            new(new Subject.OfEdge(edge), signal, new Departure(Deviation.Rise, since > now ? now : since, value, new NormalRange(0, usual), 1));
    }

    /// <summary>The most that a connection of the edge lately had in flight, or would have had in slow start: readings may all fall into the beginning of short connections.</summary>
    private double WidestWindow(Edge edge, Readings whole, DateTimeOffset now)
    {
        var seen = Math.Max(whole.Most(TcpMetrics.CongestionWindow) ?? 0, whole.Most(TcpMetrics.SlowStartThreshold) ?? 0);
        if (!widest.TryGetValue(edge, out var known) || seen >= known.Bytes || now - known.At > Remembered)
        {
            widest[edge] = known = (seen, now);
        }

        return known.Bytes;
    }

    /// <summary>When the edge last carried several times what it ever did afterwards, a pause of two readings aside: what was measured before that is of another state, and no trouble to compare with.</summary>
    private static DateTimeOffset BeginOfLevel(TimeSeries sent)
    {
        var times = sent.UnixMilliseconds.Span;
        var values = sent.Values.Span;
        var highest = 0.0;
        for (var i = sent.Count - 1; i > 0; i--)
        {
            var rate = Math.Max(0, values[i] - values[i - 1]) / Math.Max(1, times[i] - times[i - 1]);
            if (sent.Count - 1 - i >= LeastReadings && rate > OtherLevel * highest)
            {
                return sent.At(i);
            }

            highest = Math.Max(highest, rate);
        }

        return sent.At(0);
    }

    private static double? MeanOf(Readings readings, MetricDefinition histogram, double least) =>
        readings.Increase($"{histogram.Name}_count") is { } count && count >= least ? readings.Increase($"{histogram.Name}_sum") / count : null;
}
