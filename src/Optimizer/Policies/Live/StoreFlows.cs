using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>What the collectors counted, as flows: connections that carried bytes, and connections that were begun in vain.</summary>
/// <remarks>
/// A policy drops the SYN, so that connecting ends in a time-out; a refusal or an unreachable host is no policy's doing. Only pods and peers that are named or have an
/// address are told apart: the Internet as a whole is no flow.
/// </remarks>
public sealed class StoreFlows(ISampleStore store)
{
    private const string TimedOut = "timed-out";

    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<ObservedFlow>> ReadAsync(TimeRange range, CancellationToken cancellationToken)
    {
        var found = ImmutableArray.CreateBuilder<ObservedFlow>();
        found.AddRange((await ReadAsync(TcpMetrics.IoBytes, range, cancellationToken)).Select(static s => FlowOf(s, TransportProtocol.Tcp, FlowVerdict.Forwarded)).OfType<ObservedFlow>());
        found.AddRange(Datagrams(await ReadAsync(UdpMetrics.IoBytes, range, cancellationToken)));
        found.AddRange((await ReadAsync(TcpMetrics.ConnectFailures, range, cancellationToken, (LabelNames.Reason, TimedOut))).Select(static s => FlowOf(s, TransportProtocol.Tcp, FlowVerdict.Dropped)).OfType<ObservedFlow>());
        return found.DrainToImmutable();
    }

    /// <summary>Packets that the kernel dropped because a rule said so, by pod; what has no pod is left out.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<PolicyDrop>> ReadDropsAsync(TimeRange range, CancellationToken cancellationToken)
    {
        var series = await store.ReadAsync(SeriesSelector.Of(DropMetrics.Packets.Name, (LabelNames.Class, PolicyDrop.Class)), range, cancellationToken);
        return
        [
            .. from each in series
               let pod = each.Labels[LabelNames.Pod]
               where pod.Length > 0
               let moved = Moved(each)
               where moved is not null
               orderby moved.Value.Rise descending
               select new PolicyDrop($"{each.Labels[LabelNames.Namespace]}/{pod}", each.Labels[LabelNames.Reason], (long)moved.Value.Rise, each.At(moved.Value.Last)),
        ];
    }

    private async Task<IEnumerable<TimeSeries>> ReadAsync(MetricDefinition metric, TimeRange range, CancellationToken cancellationToken, params (string Name, string Value)[] labels) =>
        await store.ReadAsync(SeriesSelector.Of(metric.Name, [(LabelNames.Role, LabelNames.Client), .. labels]), range, cancellationToken);

    /// <summary>One flow an edge. Where only what was sent moved, nothing ever came back.</summary>
    private static IEnumerable<ObservedFlow> Datagrams(IEnumerable<TimeSeries> series) =>
        from edge in series.GroupBy(static s => Edge.Of(s.Labels))
        let flows = edge.Select(static s => (Flow: FlowOf(s, TransportProtocol.Udp, FlowVerdict.Forwarded), IsAnswer: s.Labels[LabelNames.Direction] == LabelNames.Receive)).Where(static f => f.Flow is not null).ToList()
        where flows.Count > 0
        select flows.MaxBy(static f => f.Flow!.LastSeen).Flow! with { IsUnanswered = !flows.Exists(static f => f.IsAnswer) };

    /// <summary>Null where the counter did not move, or an end is not known.</summary>
    private static ObservedFlow? FlowOf(TimeSeries series, TransportProtocol protocol, FlowVerdict verdict)
    {
        var edge = Edge.Of(series.Labels);
        return Moved(series) is var (moves, rise, first, last) && EndOf(edge.Owner) is { } source && EndOf(edge.Peer) is { } destination
            && int.TryParse(edge.ServerPort, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ObservedFlow(protocol.Text(), source, destination, 0, port, verdict == FlowVerdict.Dropped ? (long)rise : moves, series.At(first), series.At(last), verdict)
            : null;
    }

    /// <summary>How often and how far a counter rose, first and last at which reading; null where it did not.</summary>
    private static (long Moves, double Rise, int First, int Last)? Moved(TimeSeries series)
    {
        var values = series.Values.Span;
        var (moves, rise, first, last) = (0L, 0.0, -1, -1);
        for (var i = 1; i < values.Length; i++)
        {
            // A counter that began anew rose from nothing.
            var before = values[i] < values[i - 1] ? 0 : values[i - 1];
            if (values[i] > before)
            {
                (moves, rise, first, last) = (moves + 1, rise + values[i] - before, first < 0 ? i : first, i);
            }
        }

        return last < 0 ? null : (moves, rise, first, last);
    }

    private static FlowEnd? EndOf(WorkloadIdentity identity) => identity switch
    {
        { Pod.Length: > 0 } => new FlowEnd($"{identity.Namespace}/{identity.Pod}", null),
        { Namespace.Length: 0 } when IpValue.TryParse(identity.Workload, out var address) => new FlowEnd("", address),
        _ => null,
    };
}
