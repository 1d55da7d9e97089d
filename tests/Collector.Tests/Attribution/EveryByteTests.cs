using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Attribution;

/// <summary>Known processes in cgroups and network namespaces of our own send known numbers of bytes; whose they are is asked of the samples.</summary>
public sealed class EveryByteTests : IDisposable
{
    private const string WebUid = "0e0f1d3c-5b1a-4c3e-9a57-2f1f5d1c7a01";
    private const string AgentUid = "0e0f1d3c-5b1a-4c3e-9a57-2f1f5d1c7a02";
    private const int Connections = 200;
    private const int Datagrams = 200;

    /// <summary>Of one more connection, so many times those of a short one: nearly all bytes are in few connections, as in life.</summary>
    private const int LongBytes = 4_000;

    /// <summary>How many ends may go unseen, of each thousand: some kernels run no tracing program while an interrupt is handled over a process that they hide.</summary>
    private const int UnseenPerThousand = 10;

    private readonly TestNetwork network = new();
    private readonly TestCgroup cgroup = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly Meter meter = new("NetPulse.Collector.Tests");
    private readonly string podsDirectory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly NodeObserver node;
    private readonly TcpSockets tcp;
    private readonly DnsAskers askers = new();
    private readonly UdpSockets udp;

    public EveryByteTests()
    {
        node = new NodeObserver(
            thread, new PodDirectory(podsDirectory, NullLogger<PodDirectory>.Instance), TimeProvider.System, new PodCgroups(cgroup.Hierarchy, TimeProvider.System));
        tcp = new TcpSockets(thread, node, SourceRig.Name, new TcpOptions(1_000, TcpProgram.DefaultEdges, 0), TimeProvider.System, meter, NullLogger<TcpSockets>.Instance);
        udp = new UdpSockets(thread, node, SourceRig.Name, 1_000, UdpSockets.DefaultKernelEdges, askers, TimeProvider.System, meter, NullLogger<UdpSockets>.Instance);
    }

    [KernelFact]
    public async Task At_least_999_of_1000_bytes_are_their_pods_or_the_hosts_and_none_are_nobodys()
    {
        // A pod known by its cgroup alone, one of the node's network, one known by its network namespace alone, and the host.
        WritePod("web-0", WebUid, "");
        WritePod("agent-bq7xk", AgentUid, "", isHostNetwork: true);
        WritePod("db-0", "", $"/run/netns/{network.B.Name}");
        var inPod = $"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{WebUid.Replace('-', '_')}.slice/cri-containerd-1.scope";
        var inAgent = $"/kubepods/besteffort/pod{AgentUid}/container";
        cgroup.Make(inPod);
        cgroup.Make(inAgent);
        cgroup.Make("/system.slice");
        Read();

        using var remote = new Receivers(network.Listen(TestNetwork.AddressOfB), thread.Run(network.B, () => Bound(TestNetwork.AddressOfB)));
        using var local = new Receivers(Listening(), Bound(IPAddress.Loopback));
        await Task.WhenAll(
            SendAsync(inPod, $"ip netns exec {network.A.Name} ", TestNetwork.AddressOfB, remote, bytesEach: 10_000),
            SendAsync(inAgent, "", IPAddress.Loopback, local, bytesEach: 7_000),
            SendAsync("/system.slice", "", IPAddress.Loopback, local, bytesEach: 3_000));
        remote.WaitFor(Connections + 1);
        local.WaitFor(2 * (Connections + 1));

        SourceReading reading = null!;
        Wait.Until(() =>
        {
            reading = Read();
            return Sent(reading, TcpMetrics.IoBytes, remote.TcpPort, "web") > 0
                && reading.Sum(TcpMetrics.ConnectionsClosed, (LabelNames.ServerPort, $"{remote.TcpPort}")) >= Ends(1)
                && reading.Sum(TcpMetrics.ConnectionsClosed, (LabelNames.ServerPort, $"{local.TcpPort}")) >= Ends(2);
        });
        foreach (var (workload, to, bytesEach) in new[] { ("web", remote, 10_000), ("agent", local, 7_000), ("host", local, 3_000) })
        {
            AssertNearly(bytesEach * (Connections + LongBytes), Sent(reading, TcpMetrics.IoBytes, to.TcpPort, workload));
            AssertNearly(bytesEach / 10 * Datagrams, Sent(reading, UdpMetrics.IoBytes, to.UdpPort, workload));
        }

        AssertNearly(10_000 * (Connections + LongBytes), reading.Sum(TcpMetrics.IoBytes, (LabelNames.Workload, "db"), (LabelNames.ServerPort, $"{remote.TcpPort}"), (LabelNames.Direction, LabelNames.Receive)));
        foreach (var port in new[] { remote.TcpPort, remote.UdpPort, local.TcpPort, local.UdpPort })
        {
            Assert.Equal(0, reading.Sum(TcpMetrics.IoBytes, (LabelNames.ServerPort, $"{port}"), (LabelNames.Workload, NamespaceOwners.Unknown.Workload)));
            Assert.Equal(0, reading.Sum(UdpMetrics.IoBytes, (LabelNames.ServerPort, $"{port}"), (LabelNames.Workload, NamespaceOwners.Unknown.Workload)));
        }

        foreach (var metric in new[] { TcpMetrics.IoBytes, UdpMetrics.IoBytes })
        {
            Assert.All(reading.Find(metric, (LabelNames.Workload, "agent")), each => Assert.Equal("true", each.Labels[LabelNames.HostNetwork]));
            Assert.All(reading.Find(metric, (LabelNames.Workload, "web")), each => Assert.Equal("", each.Labels[LabelNames.HostNetwork] ?? ""));
        }
    }

    public void Dispose()
    {
        tcp.Dispose();
        udp.Dispose();
        askers.Dispose();
        meter.Dispose();
        thread.Dispose();
        cgroup.Dispose();
        network.Dispose();
        Directory.Delete(podsDirectory, recursive: true);
    }

    private static double Sent(SourceReading reading, MetricDefinition metric, int port, string workload) => reading.Sum(
        metric, (LabelNames.Workload, workload), (LabelNames.ServerPort, $"{port}"), (LabelNames.Role, LabelNames.Client), (LabelNames.Direction, LabelNames.Transmit));

    private static double Ends(int senders) => senders * 2 * (Connections + 1) * (1 - (UnseenPerThousand / 1000.0));

    private static void AssertNearly(double sent, double found) => Assert.InRange(found, 0.999 * sent, sent);

    private static Socket Listening()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        return listener;
    }

    private static Socket Bound(IPAddress address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    /// <summary>A process of that cgroup: connections of so many bytes each, and datagrams of a tenth.</summary>
    private async Task SendAsync(string path, string prefix, IPAddress to, Receivers receivers, int bytesEach)
    {
        var script = $"""
            for i in $(seq {Connections}); do head -c {bytesEach} /dev/zero >/dev/tcp/{to}/{receivers.TcpPort} || exit 1; done
            head -c {bytesEach * LongBytes} /dev/zero >/dev/tcp/{to}/{receivers.TcpPort}
            dd if=/dev/zero bs={bytesEach / 10} count={Datagrams} status=none >/dev/udp/{to}/{receivers.UdpPort}
            """;
        var start = new ProcessStartInfo("bash") { UseShellExecute = false, RedirectStandardError = true };
        foreach (var argument in new[] { "-c", $"echo $$ > {cgroup.Hierarchy.MountPoint}{cgroup.PathOf(path)}/cgroup.procs && exec {prefix}bash -c \"$0\"", script })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{path}: {error}");
    }

    private SourceReading Read() => SourceReading.Of(node, tcp, udp);

    private void WritePod(string name, string uid, string networkNamespace, bool isHostNetwork = false) => File.WriteAllText(Path.Combine(podsDirectory, $"{name}.yaml"), $$"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{name}}
          namespace: shop
          uid: "{{uid}}"
          annotations: {netpulse.io/network-namespace: "{{networkNamespace}}"}
        spec:
          hostNetwork: {{(isHostNetwork ? "true" : "false")}}
        """);

    /// <summary>Takes whatever comes, over TCP and UDP.</summary>
    private sealed class Receivers : IDisposable
    {
        private readonly Socket listener;
        private readonly Socket datagrams;
        private readonly Thread accepting;
        private int taken;

        public Receivers(Socket listener, Socket datagrams)
        {
            (this.listener, this.datagrams) = (listener, datagrams);
            accepting = new Thread(Accept) { IsBackground = true };
            accepting.Start();
        }

        public int TcpPort => ((IPEndPoint)listener.LocalEndPoint!).Port;

        public int UdpPort => ((IPEndPoint)datagrams.LocalEndPoint!).Port;

        public void WaitFor(int connections) => Wait.Until(() => Volatile.Read(ref taken) >= connections);

        public void Dispose()
        {
            listener.Dispose();
            datagrams.Dispose();
            accepting.Join();
        }

        private void Accept()
        {
            try
            {
                while (true)
                {
                    using var connection = listener.Accept();
                    connection.ReadToEnd();
                    Interlocked.Increment(ref taken);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // The test is over.
            }
        }
    }
}
