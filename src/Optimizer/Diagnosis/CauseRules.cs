using System.Collections.Immutable;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Every cause that we know, one rule each.</summary>
public static class CauseRules
{
    public static readonly ImmutableArray<ICauseRule> All =
    [
        new ReceiveWindowBelowBandwidthDelay(),
        new SlowReader(),
        new SendBufferBelowBandwidthDelay(),
        new ReceiveBufferClamped(),
        new SendBufferClamped(),
        new WindowScaleFixed(),
        new SocketBacklogOverflow(),
        new ReceiveQueueCollapse(),
        new Bufferbloat(),
        new NonCongestionLoss(),
        new Policer(),
        new Reordering(),
        new CrossTraffic(),
        new ApplicationLimited(),
        new PathMtuBlackHole(),
        new IdleRestart(),
        new HeadOfLineBlocking(),
        new RetransmissionTimeoutFloor(),
        new ThinStreamBackoff(),
        new StaleRouteMetrics(),
        new AcceptQueueOverflow(),
        new ApplicationBacklogTooShort(),
        new AcceptsTooSlowly(),
        new SynQueueOverflow(),
        new SynFlood(),
        new LocalPortsExhausted(),
        new TimeWaitTableFull(),
        new ConntrackFull(),
        new ConntrackClash(),
        new UdpReceiveBuffer(),
        new UdpReceiverOverloaded(),
        new UdpMemoryExhausted(),
        new TcpMemoryExhausted(),
        new ReassemblyMemory(),
        new FragmentLoss(),
        new NeighbourTableFull(),
        new NeighbourScan(),
        new SoftnetBacklog(),
        new SoftnetSaturated(),
        new SoftnetBudget(),
        new NicRing(),
        new ReversePathFilter(),
        new IcmpRateLimit(),
        new DeadPeers(),
        new ResolverSilent(),
    ];
}
