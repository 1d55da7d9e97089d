using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Fragments of datagrams that are under way together take more memory than the receiving pod allows for reassembly.</summary>
public static class ReassemblyScenario
{
    private static readonly PodPairs Storage = new("writer", "disk")
    {
        ToSysctls = PodPairs.Sysctls(("net.ipv4.ipfrag_low_thresh", "49152"), ("net.ipv4.ipfrag_high_thresh", "65536")),
    };

    internal static Scenario Create() => new()
    {
        Name = "reassembly-memory",
        Problem = "datagrams of 60,000 bytes come in fragments, and ipfrag_high_thresh of 64 KiB holds none of them whole",
        Pods = Storage.Pods,
        Paths = Storage.Paths(PodPairs.Link(2, 100, 2 << 20)),
        Loads = Storage.Loads(
            static place => new UdpBursts(place, new UdpSettings(9009, TimeSpan.FromMilliseconds(100), Datagrams: 4, DatagramBytes: 6000) { ReceiveBufferBytes = 4 << 20 }),
            static load => load.DatagramBytes = 60_000),
        Healing = [new SysctlChange(Storage.FirstReceiver, "net.ipv4.ipfrag_high_thresh", "8388608")],
        AlsoHeals = ["net.ipv4.ipfrag_low_thresh"],
        Expected = new Expectation(0, 79, "%"),
        Bpftune = "raises ipfrag_high_thresh of the host, which the pod does not have",
        Causes = ["ReassemblyMemory"],
    };
}
