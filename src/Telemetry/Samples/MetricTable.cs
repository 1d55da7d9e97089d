using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>Every metric that we define.</summary>
public static class MetricTable
{
    public static readonly ImmutableArray<MetricDefinition> All =
    [
        .. AttributionMetrics.All,
        .. DnsMetrics.All,
        .. DropMetrics.All,
        .. KubeletMetrics.All,
        .. NamespaceMetrics.All,
        .. NodeMetrics.All,
        .. ProcessMetrics.All,
        .. SourceMetrics.All,
        .. TcpFlowMetrics.All,
        .. TcpMetrics.All,
        .. TcpSocketMetrics.All,
        .. UdpMetrics.All,
    ];
}
