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
        foreach (var (metric, protocol, verdict) in new[] { (TcpMetrics.IoBytes, TransportProtocol.Tcp, FlowVerdict.Forwarded), (UdpMetrics.IoBytes, TransportProtocol.Udp, FlowVerdict.Forwarded), (TcpMetrics.ConnectFailures, TransportProtocol.Tcp, FlowVerdict.Dropped) })
        {
            var selector = verdict == FlowVerdict.Dropped
                ? SeriesSelector.Of(metric.Name, (LabelNames.Role, LabelNames.Client), (LabelNames.Reason, TimedOut))
                : SeriesSelector.Of(metric.Name, (LabelNames.Role, LabelNames.Client));
            found.AddRange((await store.ReadAsync(selector, range, cancellationToken)).Select(series => FlowOf(series, protocol, verdict)).OfType<ObservedFlow>());
        }

        return found.DrainToImmutable();
    }

    /// <summary>Null where the counter did not move, or an end is not known.</summary>
    private static ObservedFlow? FlowOf(TimeSeries series, TransportProtocol protocol, FlowVerdict verdict)
    {
        var values = series.Values.Span;
        var edge = Edge.Of(series.Labels);
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

        return last >= 0 && EndOf(edge.Owner) is { } source && EndOf(edge.Peer) is { } destination && int.TryParse(edge.ServerPort, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ObservedFlow(protocol.Text(), source, destination, 0, port, verdict == FlowVerdict.Dropped ? (long)rise : moves, series.At(first), series.At(last), verdict)
            : null;
    }

    private static FlowEnd? EndOf(WorkloadIdentity identity) => identity switch
    {
        { Pod.Length: > 0 } => new FlowEnd($"{identity.Namespace}/{identity.Pod}", null),
        { Namespace.Length: 0 } when IpValue.TryParse(identity.Workload, out var address) => new FlowEnd("", address),
        _ => null,
    };
}
