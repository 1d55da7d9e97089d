using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Benchmarks.Collector;

/// <summary>Two pods and a node between them, each a network namespace, joined by two pairs of interfaces as a CNI plugin would; gone when disposed.</summary>
internal sealed class PodNetwork : IDisposable
{
    private readonly string prefix;
    private readonly bool isOwner;
    private readonly NetworkNamespaceThread thread = new();

    /// <param name="name">Told apart by it and by our process.</param>
    /// <param name="segmentOffload">Whether the interfaces take segments larger than their MTU.</param>
    public PodNetwork(string name, bool segmentOffload)
    {
        prefix = string.Create(CultureInfo.InvariantCulture, $"npbench-{Environment.ProcessId}-{name}");
        isOwner = true;
        foreach (var each in new[] { "client", "node", "server" })
        {
            Ip($"netns add {prefix}-{each}");
        }

        Join("client", 1);
        Join("server", 2);
        Write("node", "net.ipv4.ip_forward", "1");
        if (!segmentOffload)
        {
            foreach (var (each, device) in new[] { ("client", "eth0"), ("server", "eth0"), ("node", "client"), ("node", "server") })
            {
                Ip($"-n {prefix}-{each} link set {device} gso_max_segs 1");
            }
        }

        // A connection a request must not run out of ports, nor measure the reaping of old ones.
        foreach (var each in new[] { "client", "server" })
        {
            Write(each, "net.ipv4.ip_local_port_range", "1024 65535");
            Write(each, "net.ipv4.tcp_max_tw_buckets", "128");

            // Whatever this machine's default is: BBR paces, and on a virtual machine its timers cost more than the packets do.
            Write(each, "net.ipv4.tcp_congestion_control", "reno");
        }
    }

    /// <summary>One that another process has made, and will remove.</summary>
    /// <param name="prefix">Its <see cref="Prefix"/>.</param>
    public PodNetwork(string prefix) => this.prefix = prefix;

    public static IPAddress ServerAddress { get; } = IPAddress.Parse("10.98.2.2");

    /// <summary>Begins its namespaces' names.</summary>
    public string Prefix => prefix;

    /// <summary>As the collector names the client.</summary>
    public string ClientName => $"{prefix}-client";

    /// <inheritdoc cref="ClientName"/>
    public string ServerName => $"{prefix}-server";

    public Socket Client(SocketType type) => Open("client", type);

    public Socket Server(SocketType type, int port)
    {
        var socket = Open("server", type);
        socket.Bind(new IPEndPoint(ServerAddress, port));
        return socket;
    }

    public Socket Listen(int port)
    {
        var listener = Server(SocketType.Stream, port);
        listener.Listen(4096);
        return listener;
    }

    public void Dispose()
    {
        thread.Dispose();
        if (!isOwner)
        {
            return;
        }

        foreach (var each in new[] { "client", "node", "server" })
        {
            Ip($"netns delete {prefix}-{each}");
        }
    }

    private void Join(string pod, int number)
    {
        Ip($"-n {prefix}-{pod} link add eth0 type veth peer name {pod} netns {prefix}-node");
        Ip($"-n {prefix}-{pod} address add 10.98.{number}.2/24 dev eth0");
        Ip($"-n {prefix}-node address add 10.98.{number}.1/24 dev {pod}");
        Ip($"-n {prefix}-{pod} link set lo up");
        Ip($"-n {prefix}-{pod} link set eth0 up");
        Ip($"-n {prefix}-node link set {pod} up");
        Ip($"-n {prefix}-{pod} route add default via 10.98.{number}.1");
    }

    private Socket Open(string pod, SocketType type) =>
        thread.Run(Namespace(pod), () => new Socket(AddressFamily.InterNetwork, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp));

    private void Write(string pod, string sysctl, string value) =>
        thread.Run(Namespace(pod), () => File.WriteAllText($"/proc/sys/{sysctl.Replace('.', '/')}", value));

    private NetworkNamespace Namespace(string pod) =>
        NetworkNamespaceList.At($"/run/netns/{prefix}-{pod}") ?? throw new InvalidOperationException($"{prefix}-{pod} is no network namespace");

    private static void Ip(string arguments)
    {
#pragma warning disable S4036 // distributions keep ip in different folders; PATH knows which
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
#pragma warning restore S4036
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {arguments}: {error}");
        }
    }
}
