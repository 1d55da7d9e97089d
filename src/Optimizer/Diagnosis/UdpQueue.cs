using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>What a pod's UDP sockets got and lost.</summary>
/// <param name="Dropped">Datagrams that found a socket's buffer full.</param>
/// <param name="Delivered">Datagrams that were read.</param>
/// <param name="BufferBytes">Of the socket that dropped last.</param>
/// <param name="IsLocked">Whether its application asked for that buffer.</param>
/// <param name="MeanUse">Share of the buffer that waited at the readings.</param>
public sealed record UdpQueue(double? Dropped, double? Delivered, double? BufferBytes, bool? IsLocked, double? MeanUse)
{
    public static UdpQueue Of(SubjectEvidence evidence)
    {
        var own = evidence.Own;
        var buffer = own.Last(UdpMetrics.DroppingBufferBytes);
        return new UdpQueue(
            own.Increase(NamespaceMetrics.UdpReceiveBufferErrors) - (own.Increase(NamespaceMetrics.UdpMemoryErrors) ?? 0) + (own.Increase(NamespaceMetrics.Udp6ReceiveBufferErrors) ?? 0),
            own.Increase(NamespaceMetrics.UdpInDatagrams) + (own.Increase(NamespaceMetrics.Udp6InDatagrams) ?? 0),
            buffer,
            own.Last(UdpMetrics.DroppingBufferLocked) is { } locked ? locked > 0 : null,
            own.Mean(UdpMetrics.DroppingQueueBytes) / (buffer > 0 ? buffer : null));
    }
}
