using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Sources;

/// <summary>The open connections that moved most bytes since the reading before, at most a number of them.</summary>
internal sealed class TcpFlows(string node, int maximum)
{
    private Dictionary<ulong, ulong> bytesBefore = [];
    private Dictionary<ulong, ulong> bytesNow = [];
    private readonly PriorityQueue<TcpFlow, ulong> busiest = new();

    public bool IsOn => maximum > 0;

    public void BeginReading()
    {
        (bytesBefore, bytesNow) = (bytesNow, bytesBefore);
        bytesNow.Clear();
        busiest.Clear();
    }

    public void Meet(in TcpFlow flow)
    {
        var bytes = flow.PayloadSentBytes + flow.PayloadReceivedBytes;
        if (!bytesNow.TryAdd(flow.Cookie, bytes))
        {
            // Two processes, or two descriptors, of one socket.
            return;
        }

        var moved = bytes - Math.Min(bytes, bytesBefore.GetValueOrDefault(flow.Cookie));
        if (moved == 0)
        {
            return;
        }

        if (busiest.Count < maximum)
        {
            busiest.Enqueue(flow, moved);
        }
        else
        {
            busiest.EnqueueDequeue(flow, moved);
        }
    }

    public void Write(SampleWriter samples, TcpEdges edges)
    {
        foreach (var (flow, _) in busiest.UnorderedItems)
        {
            var key = edges.KeyOf(flow.Key);
            Write(samples, TcpFlowMetrics.IoBytes, key, flow, flow.PayloadSentBytes, LabelNames.Transmit);
            Write(samples, TcpFlowMetrics.IoBytes, key, flow, flow.PayloadReceivedBytes, LabelNames.Receive);
            Write(samples, TcpFlowMetrics.RetransmittedBytes, key, flow, flow.RetransmittedBytes);
            if (flow.SmoothedRttMicroseconds > 0)
            {
                Write(samples, TcpFlowMetrics.SmoothedRtt, key, flow, flow.SmoothedRttMicroseconds / 1e6);
            }
        }
    }

    private void Write(SampleWriter samples, MetricDefinition metric, TcpEdgeKey key, in TcpFlow flow, double value, string direction = "") => samples.Write(
        metric,
        EdgeLabels.Of(
            metric,
            node,
            key,
            (LabelNames.Address, flow.LocalAddress.ToString()),
            (LabelNames.Port, $"{flow.LocalPort}"),
            (LabelNames.PeerAddress, flow.Key.Peer.ToString()),
            (LabelNames.PeerPort, $"{flow.RemotePort}"),
            (LabelNames.Direction, direction)),
        value);
}
