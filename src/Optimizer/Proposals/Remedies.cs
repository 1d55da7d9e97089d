using System.Collections.Immutable;

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
        new MoreTcpMemory(),
        new MoreTimeWaitBuckets(),
        new MoreUdpMemory(),
        new MtuProbing(),
        new PacedBulkSender(),
        new PacedCongestionControl(),
        new RoomierBacklog(),
        new SynCookies(),
        new WiderPortRange(),
        new ReusedPorts(),
    ];
}
