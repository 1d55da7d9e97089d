using System.Net;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Scenarios;

/// <summary>More neighbours than the node's one table of them has room for.</summary>
public static class NeighbourTableScenario
{
    private static readonly IPAddress Network = IPAddress.Parse("10.66.0.0");

    private static readonly PodPairs Monitoring = new("prober", "fleet") { Count = 1 };

    internal static Scenario Create() => new()
    {
        Name = "neighbour-table",
        Problem = "a prober asks 2,500 neighbours, and the neighbour table of the node holds 1,024",
        Pods = Monitoring.Pods,
        Cables = [new CableDescription(Monitoring.FirstSender, Monitoring.FirstReceiver, Network)],
        NodeSysctls = PodPairs.Sysctls(
            ("net.ipv4.neigh.default.gc_thresh1", "128"), ("net.ipv4.neigh.default.gc_thresh2", "512"), ("net.ipv4.neigh.default.gc_thresh3", "1024")),
        Loads = Monitoring.Loads(static place => new NeighbourSweep(place, new SweepSettings(9008, TimeSpan.FromSeconds(2), Peers: 200, Network)), static load => load.Peers = 2500),
        Healing =
        [
            new SysctlChange(Pod: null, "net.ipv4.neigh.default.gc_thresh3", "8192"),
            new SysctlChange(Pod: null, "net.ipv4.neigh.default.gc_thresh2", "4096"),
            new SysctlChange(Pod: null, "net.ipv4.neigh.default.gc_thresh1", "1024"),
        ],
        Expected = new Expectation(41, 100, "%"),
        Bpftune = "raises gc_thresh3",
        Causes = ["NeighbourTableFull"],
    };
}
