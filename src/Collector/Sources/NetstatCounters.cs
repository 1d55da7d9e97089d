using System.Runtime.ExceptionServices;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources.Proc;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Sources;

/// <summary>The kernel's protocol counters of each network namespace.</summary>
/// <remarks>Source: <c>/proc/net/snmp</c>, <c>/proc/net/netstat</c>, <c>/proc/net/snmp6</c>. A counter that this kernel lacks has no series.</remarks>
public sealed class NetstatCounters(NamespaceFiles files, NodeName node) : ISource
{
    private const double Absent = double.NaN;

    /// <summary>TCPMemoryPressuresChrono counts milliseconds.</summary>
    private const double SecondsOfMilliseconds = 0.001;

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
        new(NamespaceMetrics.TcpInChecksumErrors, "Tcp", "InCsumErrors"),
        new(NamespaceMetrics.LostRetransmits, "TcpExt", "TCPLostRetransmit"),
        new(NamespaceMetrics.LossProbes, "TcpExt", "TCPLossProbes"),
        new(NamespaceMetrics.SackReorders, "TcpExt", "TCPSACKReorder"),
        new(NamespaceMetrics.OutOfOrderSegments, "TcpExt", "TCPOFOQueue"),
        new(NamespaceMetrics.OutOfOrderDrops, "TcpExt", "TCPOFODrop"),
        new(NamespaceMetrics.SendQueueTooBig, "TcpExt", "TCPWqueueTooBig"),
        new(NamespaceMetrics.SynCookiesFailed, "TcpExt", "SyncookiesFailed"),
        new(NamespaceMetrics.RequestQueueCookies, "TcpExt", "TCPReqQFullDoCookies"),
        new(NamespaceMetrics.ReversePathDrops, "TcpExt", "IPReversePathFilter"),
        new(NamespaceMetrics.UdpInChecksumErrors, "Udp", "InCsumErrors"),
        new(NamespaceMetrics.UdpMemoryErrors, "Udp", "MemErrors"),
        new(NamespaceMetrics.ReassemblyRequests, "Ip", "ReasmReqds"),
        new(NamespaceMetrics.ReassemblySuccesses, "Ip", "ReasmOKs"),
        new(NamespaceMetrics.ReassemblyTimeouts, "Ip", "ReasmTimeout"),
        new(NamespaceMetrics.FragmentsCreated, "Ip", "FragCreates"),
        new(NamespaceMetrics.IpForwarded, "Ip", "ForwDatagrams"),
        new(NamespaceMetrics.IcmpInUnreachable, "Icmp", "InDestUnreachs"),
        new(NamespaceMetrics.IcmpRateLimited, "Icmp", "OutRateLimitHost"),
        new(NamespaceMetrics.IcmpRateLimitedTogether, "Icmp", "OutRateLimitGlobal"),
        new(NamespaceMetrics.MemoryPressureSeconds, "TcpExt", "TCPMemoryPressuresChrono", SecondsOfMilliseconds),
    ];

    /// <summary>Those of IPv6, which stand in a file of another shape.</summary>
    public static readonly IReadOnlyList<KernelCounter> Ipv6Table =
    [
        new(NamespaceMetrics.Ipv6ReassemblyFails, "", "Ip6ReasmFails"),
        new(NamespaceMetrics.Ipv6ReassemblyTimeouts, "", "Ip6ReasmTimeout"),
        new(NamespaceMetrics.Ipv6FragmentationFails, "", "Ip6FragFails"),
        new(NamespaceMetrics.Ipv6NoRoutes, "", "Ip6OutNoRoutes"),
        new(NamespaceMetrics.Ipv6InDiscards, "", "Ip6InDiscards"),
        new(NamespaceMetrics.Icmpv6TooBig, "", "Icmp6InPktTooBigs"),
        new(NamespaceMetrics.Udp6InDatagrams, "", "Udp6InDatagrams"),
        new(NamespaceMetrics.Udp6OutDatagrams, "", "Udp6OutDatagrams"),
        new(NamespaceMetrics.Udp6ReceiveBufferErrors, "", "Udp6RcvbufErrors"),
        new(NamespaceMetrics.Udp6SendBufferErrors, "", "Udp6SndbufErrors"),
    ];

    private readonly CounterTable counters = new(Table.Select(row => $"{row.Group} {row.Field}"));
    private readonly NameValueFile ipv6Counters = new(Ipv6Table.Select(row => row.Field));
    private readonly double[] values = new double[Math.Max(Table.Count, Ipv6Table.Count)];
    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "netstat";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        Exception? failure = null;
        foreach (var (file, table) in new[] { (NamespaceFile.Snmp, Table), (NamespaceFile.Netstat, Table), (NamespaceFile.Snmp6, Ipv6Table) })
        {
            try
            {
                files.ForEach(file, (target, text) =>
                {
                    Array.Fill(values, Absent);
                    if (file == NamespaceFile.Snmp6)
                    {
                        ipv6Counters.Read(text, values);
                    }
                    else
                    {
                        counters.Read(text, values);
                    }

                    Write(samples, target, table);
                });
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                failure ??= e;
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Write(SampleWriter samples, OwnedNamespace target, IReadOnlyList<KernelCounter> table)
    {
        for (var i = 0; i < table.Count; i++)
        {
            if (!double.IsNaN(values[i]))
            {
                samples.Write(table[i].Metric, labels.Of(table[i].Metric, target.Owner), values[i] * table[i].Scale);
            }
        }
    }

    /// <summary>One counter of the kernel and the metric that it becomes.</summary>
    /// <param name="Scale">From the kernel's unit to the metric's.</param>
    public sealed record KernelCounter(MetricDefinition Metric, string Group, string Field, double Scale = 1);
}
