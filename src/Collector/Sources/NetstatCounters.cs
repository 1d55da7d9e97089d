using System.Collections.Frozen;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Sources;

/// <summary>The kernel's protocol counters of each network namespace.</summary>
/// <remarks>Source: <c>/proc/net/snmp</c>, <c>/proc/net/netstat</c>. A counter that this kernel lacks has no series.</remarks>
public sealed class NetstatCounters(NamespaceReader namespaces, NodeName node) : ISource
{
    /// <summary>Which of the kernel's counters are ours.</summary>
    public static readonly IReadOnlyList<KernelCounter> Table =
    [
        new(NamespaceMetrics.ZeroWindowAdvertised, "TcpExt", "TCPToZeroWindowAdv"),
        new(NamespaceMetrics.ZeroWindowWanted, "TcpExt", "TCPWantZeroWindowAdv"),
        new(NamespaceMetrics.InSegments, "Tcp", "InSegs"),
        new(NamespaceMetrics.OutSegments, "Tcp", "OutSegs"),
        new(NamespaceMetrics.RetransmittedSegments, "Tcp", "RetransSegs"),
        new(NamespaceMetrics.ActiveOpens, "Tcp", "ActiveOpens"),
        new(NamespaceMetrics.PassiveOpens, "Tcp", "PassiveOpens"),
        new(NamespaceMetrics.AttemptFails, "Tcp", "AttemptFails"),
        new(NamespaceMetrics.EstablishedResets, "Tcp", "EstabResets"),
        new(NamespaceMetrics.OutResets, "Tcp", "OutRsts"),
        new(NamespaceMetrics.InErrors, "Tcp", "InErrs"),
        new(NamespaceMetrics.ListenOverflows, "TcpExt", "ListenOverflows"),
        new(NamespaceMetrics.ListenDrops, "TcpExt", "ListenDrops"),
        new(NamespaceMetrics.SynCookiesSent, "TcpExt", "SyncookiesSent"),
        new(NamespaceMetrics.RequestQueueDrops, "TcpExt", "TCPReqQFullDrop"),
        new(NamespaceMetrics.Timeouts, "TcpExt", "TCPTimeouts"),
        new(NamespaceMetrics.FastRetransmits, "TcpExt", "TCPFastRetrans"),
        new(NamespaceMetrics.SynRetransmits, "TcpExt", "TCPSynRetrans"),
        new(NamespaceMetrics.SpuriousRetransmits, "TcpExt", "TCPDSACKRecv"),
        new(NamespaceMetrics.ReceivePruned, "TcpExt", "PruneCalled"),
        new(NamespaceMetrics.ReceiveCollapsed, "TcpExt", "TCPRcvCollapsed"),
        new(NamespaceMetrics.ReceiveQueueDrops, "TcpExt", "TCPRcvQDrop"),
        new(NamespaceMetrics.BacklogDrops, "TcpExt", "TCPBacklogDrop"),
        new(NamespaceMetrics.MemoryPressures, "TcpExt", "TCPMemoryPressures"),
        new(NamespaceMetrics.AbortOnTimeout, "TcpExt", "TCPAbortOnTimeout"),
        new(NamespaceMetrics.AbortOnMemory, "TcpExt", "TCPAbortOnMemory"),
        new(NamespaceMetrics.SlowStartRetransmits, "TcpExt", "TCPSlowStartRetrans"),
        new(NamespaceMetrics.MtuProbeSuccesses, "TcpExt", "TCPMTUPSuccess"),
        new(NamespaceMetrics.MtuProbeFailures, "TcpExt", "TCPMTUPFail"),
        new(NamespaceMetrics.TimeWaitOverflows, "TcpExt", "TCPTimeWaitOverflow"),
        new(NamespaceMetrics.UdpInDatagrams, "Udp", "InDatagrams"),
        new(NamespaceMetrics.UdpOutDatagrams, "Udp", "OutDatagrams"),
        new(NamespaceMetrics.UdpNoPorts, "Udp", "NoPorts"),
        new(NamespaceMetrics.UdpReceiveBufferErrors, "Udp", "RcvbufErrors"),
        new(NamespaceMetrics.UdpSendBufferErrors, "Udp", "SndbufErrors"),
        new(NamespaceMetrics.UdpInErrors, "Udp", "InErrors"),
        new(NamespaceMetrics.ReassemblyFails, "Ip", "ReasmFails"),
        new(NamespaceMetrics.FragmentationFails, "Ip", "FragFails"),
        new(NamespaceMetrics.IpNoRoutes, "Ip", "OutNoRoutes"),
        new(NamespaceMetrics.IpInDiscards, "Ip", "InDiscards"),
    ];

    private const int LongestName = 64;

    private static readonly FrozenDictionary<string, MetricDefinition> ByGroupAndField = Table.ToFrozenDictionary(c => $"{c.Group} {c.Field}", c => c.Metric, StringComparer.Ordinal);

    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "netstat";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var (target, text) in namespaces.ReadEach(ReadFiles))
        {
            try
            {
                CounterFile.Parse(text, (group, field, value) =>
                {
                    var wanted = ByGroupAndField.GetAlternateLookup<ReadOnlySpan<char>>();
                    Span<char> key = stackalloc char[LongestName];
                    if (key.TryWrite($"{group} {field}", out var length) && wanted.TryGetValue(key[..length], out var metric))
                    {
                        samples.Write(metric, labels.Of(metric, target.Owner), value);
                    }
                });
            }
            catch (FormatException e)
            {
                throw new InvalidDataException(e.Message, e);
            }
        }
    }

    private static string ReadFiles() => File.ReadAllText("/proc/thread-self/net/snmp") + File.ReadAllText("/proc/thread-self/net/netstat");

    /// <summary>One counter of the kernel and the metric that it becomes.</summary>
    public sealed record KernelCounter(MetricDefinition Metric, string Group, string Field);
}
