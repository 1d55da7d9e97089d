using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>What the collectors counted, as flows: connections that carried bytes, and connections that were begun in vain.</summary>
/// <remarks>
/// A policy drops the SYN, so that connecting ends in a time-out, or the application gives up before; a refusal or an unreachable host is no policy's doing. Both ends report:
/// the one that listens tells who is behind a Service, and callers that have no collector.
/// </remarks>
public sealed class StoreFlows(ISampleStore store)
{
    private const string Dropped = "timed-out|other";

    /// <summary>Between pods, and between pods and others, each pair once.</summary>
    /// <param name="range">When.</param>
    /// <param name="ends">Who the ends are now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<ObservedFlow>> ReadAsync(TimeRange range, FlowEnds ends, CancellationToken cancellationToken)
    {
        var found = new Dictionary<(string Protocol, FlowEnd Source, FlowEnd Destination, int Port, FlowVerdict Verdict), ObservedFlow>();
        AddAll(await ReadAsync(SeriesSelector.Of(TcpMetrics.IoBytes.Name), range, cancellationToken), TransportProtocol.Tcp, FlowVerdict.Forwarded);
        AddAll(await ReadAsync(SeriesSelector.Of(UdpMetrics.IoBytes.Name), range, cancellationToken), TransportProtocol.Udp, FlowVerdict.Forwarded);
        var failures = SeriesSelector.Of(TcpMetrics.ConnectFailures.Name);
        AddAll(await ReadAsync(failures with { Matchers = failures.Matchers.Add(new LabelMatcher(LabelNames.Reason, MatchKind.Pattern, Dropped)) }, range, cancellationToken), TransportProtocol.Tcp, FlowVerdict.Dropped);
        return [.. found.Values];

        void AddAll(List<Growth> grown, TransportProtocol protocol, FlowVerdict verdict)
        {
            var edges = grown.GroupBy(static g => Edge.Of(g.Labels)).ToDictionary(static e => e.Key, static e => e.ToList());
            foreach (var (edge, both) in edges)
            {
                // What a pod says to itself never leaves it: both ends are there. Link-local addresses have the same name, and one end.
                var isWithin = edge.Peer == WorkloadIdentity.Loopback && (verdict == FlowVerdict.Dropped || edges.ContainsKey(edge with { Role = edge.Role == LabelNames.Server ? LabelNames.Client : LabelNames.Server }));
                if (!isWithin)
                {
                    Add(edge, both, protocol.Text(), verdict);
                }
            }
        }

        void Add(Edge edge, List<Growth> grown, string protocol, FlowVerdict verdict)
        {
            var isServer = edge.Role == LabelNames.Server;
            var (from, to) = isServer ? (edge.Peer, edge.Owner) : (edge.Owner, edge.Peer);
            var source = ends.Of(from, edge.Node);
            var isUnanswered = protocol == TransportProtocol.Udp.Text() && !isServer && !grown.Exists(static g => g.Labels[LabelNames.Direction] == LabelNames.Receive);
            var port = int.TryParse(edge.ServerPort, NumberStyles.None, CultureInfo.InvariantCulture, out var stated) ? stated : 0;

            // Which of a Service's pods was asked in vain nobody knows.
            foreach (var (destination, targetPort) in ends.Behind(to, edge.Node, protocol, port).Take(verdict == FlowVerdict.Dropped || isUnanswered ? int.MaxValue : 1))
            {
                if (source.Pod.Length == 0 && destination.Pod.Length == 0)
                {
                    continue;
                }

                var flow = new ObservedFlow(
                    protocol, source, destination, 0, targetPort, verdict == FlowVerdict.Dropped ? (long)grown.Sum(static g => g.Rise) : grown.Max(static g => g.Moves),
                    DateTimeOffset.FromUnixTimeMilliseconds(grown.Min(static g => g.First)), DateTimeOffset.FromUnixTimeMilliseconds(grown.Max(static g => g.Last)), verdict)
                {
                    IsUnanswered = isUnanswered,
                };
                var key = (protocol, source, destination, targetPort, verdict);
                found[key] = found.TryGetValue(key, out var known) ? Both(known, flow) : flow;
            }
        }
    }

    /// <summary>Packets that the kernel dropped because a rule said so, by pod; what has no pod is left out.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<PolicyDrop>> ReadDropsAsync(TimeRange range, CancellationToken cancellationToken) =>
    [
        .. from each in await ReadAsync(SeriesSelector.Of(DropMetrics.Packets.Name, (LabelNames.Class, PolicyDrop.Class)), range, cancellationToken)
           let pod = each.Labels[LabelNames.Pod]
           where pod.Length > 0
           orderby each.Rise descending
           select new PolicyDrop($"{each.Labels[LabelNames.Namespace]}/{pod}", each.Labels[LabelNames.Reason], (long)each.Rise, DateTimeOffset.FromUnixTimeMilliseconds(each.Last)),
    ];

    /// <summary>The counters that rose. One that begins later than its node's readings rose from nothing to what it had then.</summary>
    private async Task<List<Growth>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        var all = new List<Growth>();
        var begins = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in await store.StreamAsync(selector, range, cancellationToken))
        {
            foreach (var series in part)
            {
                var (node, begin) = (series.Labels[LabelNames.Node], series.UnixMilliseconds.Span[0]);
                begins[node] = begins.TryGetValue(node, out var earliest) ? Math.Min(earliest, begin) : begin;
                all.Add(Growth.Of(series));
            }
        }

        return [.. all.Select(g => begins[g.Labels[LabelNames.Node]] < g.Begin ? g.FromNothing() : g).Where(static g => g.Moves > 0)];
    }

    /// <summary>The same flow as told by both its ends, or by several nodes: no more of it than the one that saw the most.</summary>
    private static ObservedFlow Both(ObservedFlow a, ObservedFlow b) => a with
    {
        Count = Math.Max(a.Count, b.Count),
        FirstSeen = a.FirstSeen < b.FirstSeen ? a.FirstSeen : b.FirstSeen,
        LastSeen = a.LastSeen > b.LastSeen ? a.LastSeen : b.LastSeen,
        IsUnanswered = a.IsUnanswered && b.IsUnanswered,
    };

    /// <summary>How often and how far a counter rose, first and last when.</summary>
    /// <param name="Begin">Time of its first value.</param>
    private readonly record struct Growth(LabelSet Labels, long Begin, double FirstValue, long Moves, double Rise, long First, long Last)
    {
        public static Growth Of(TimeSeries series)
        {
            var values = series.Values.Span;
            var times = series.UnixMilliseconds.Span;
            var growth = new Growth(series.Labels, times[0], values[0], 0, 0, 0, 0);
            for (var i = 1; i < values.Length; i++)
            {
                // A counter that began anew rose from nothing.
                var before = values[i] < values[i - 1] ? 0 : values[i - 1];
                if (values[i] > before)
                {
                    growth = growth with { Moves = growth.Moves + 1, Rise = growth.Rise + values[i] - before, First = growth.Moves == 0 ? times[i] : growth.First, Last = times[i] };
                }
            }

            return growth;
        }

        public Growth FromNothing() => FirstValue > 0 ? this with { Moves = Moves + 1, Rise = Rise + FirstValue, First = Begin, Last = Math.Max(Last, Begin) } : this;
    }
}
