using System.Collections.Immutable;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>Every remedy that we know; of two for one cause the first that applies is taken.</summary>
public static class Remedies
{
    public static readonly ImmutableArray<IRemedy> All =
    [
        new ForgottenRouteMetrics(),
        new KeptWindow(),
        new LargerConntrackTable(),
        new LargerDefaultBuffer(),
        new LargerNeighbourTable(),
        new LargerPacketBudget(),
        new LargerReceiveWindow(),
        new LargerRequestedBuffer(),
        new LargerRequestedSendBuffer(),
        new LargerSendBuffer(),
        new LinearTimeouts(),
        new LongerAcceptQueue(),
        new LongerProcessorQueue(),
        new LongerSynQueue(),
        new LooseReversePath(),
        new LowerNotSentMark(),
        new LowerTimeoutFloor(),
        new MoreIcmpMessages(),
        new MoreReassemblyMemory(),
        new MoreSocketMemory(Cause.TcpMemoryExhausted, "net.ipv4.tcp_mem", "times under memory pressure", NamespaceMetrics.MemoryPressures),
        new MoreTimeWaitBuckets(),
        new MoreSocketMemory(Cause.UdpMemoryExhausted, "net.ipv4.udp_mem", "datagrams dropped for the memory limit", NamespaceMetrics.UdpMemoryErrors),
        new MtuProbing(),
        new PacedBulkSender(),
        new PacedCongestionControl(),
        new RoomierBacklog(),
        new SynCookies(),
        new WiderPortRange(),
        new ReusedPorts(),
    ];
}
