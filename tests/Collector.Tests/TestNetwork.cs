using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Collector.Tests;

/// <summary>Two network namespaces of our own, joined by a pair of interfaces; gone when disposed.</summary>
public sealed class TestNetwork : IDisposable
{
    private static int count;

    private readonly string prefix = $"nptest-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";
    private readonly NetworkNamespaceThread thread = new();

    public TestNetwork()
    {
        Ip($"netns add {prefix}a");
        Ip($"netns add {prefix}b");
        Ip($"-n {prefix}a link add eth0 type veth peer name eth0 netns {prefix}b");
        foreach (var (end, number) in new[] { ("a", 1), ("b", 2) })
        {
            Ip($"-n {prefix}{end} address add 10.99.0.{number}/24 dev eth0");
            Ip($"-n {prefix}{end} address add fd99::{number}/64 dev eth0 nodad");
            Ip($"-n {prefix}{end} link set lo up");
            Ip($"-n {prefix}{end} link set eth0 up");
        }

        A = NetworkNamespaceList.At($"/run/netns/{prefix}a")!;
        B = NetworkNamespaceList.At($"/run/netns/{prefix}b")!;
    }

    public static IPAddress AddressOfB { get; } = IPAddress.Parse("10.99.0.2");

    public static IPAddress Ipv6AddressOfB { get; } = IPAddress.Parse("fd99::2");

    public NetworkNamespace A { get; }

    public NetworkNamespace B { get; }

    /// <summary>A socket that lives in the namespace, wherever it is used.</summary>
    public Socket NewSocket(NetworkNamespace target, AddressFamily family = AddressFamily.InterNetwork) =>
        thread.Run(target, () => new Socket(family, SocketType.Stream, ProtocolType.Tcp));

    /// <summary>A listener in B on a port of the kernel's choice.</summary>
    public Socket Listen(IPAddress address)
    {
        var listener = NewSocket(B, address.AddressFamily);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(512);
        return listener;
    }

    /// <summary>Runs <c>ip</c> in A.</summary>
    public void IpInA(string arguments) => Ip($"-n {prefix}a {arguments}");

    /// <summary>Writes a sysctl in A.</summary>
    public void WriteSysctlInA(string name, int value) => WriteSysctlInA(name, value.ToString(CultureInfo.InvariantCulture));

    public void WriteSysctlInA(string name, string value) => thread.Run(A, () => File.WriteAllText($"/proc/sys/{name.Replace('.', '/')}", value));

    /// <summary>A connection from A to the listener.</summary>
    public (Socket Client, Socket Server) Connect(Socket listener, IPAddress? address = null)
    {
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        address ??= ((IPEndPoint)listener.LocalEndPoint).Address;
        var client = NewSocket(A, address.AddressFamily);
        client.Connect(new IPEndPoint(address, port));
        return (client, listener.Accept());
    }

    public void Dispose()
    {
        thread.Dispose();
        Ip($"netns delete {prefix}a");
        Ip($"netns delete {prefix}b");
    }

    private static void Ip(string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"ip {arguments}: {error}"));
        }
    }
}

internal static class SocketTransfer
{
    /// <summary>Sends so many bytes and has all of them read.</summary>
    internal static void Transfer(this Socket from, Socket to, int bytes)
    {
        // In pieces that any buffer takes, so that one thread can do both.
        var chunk = new byte[16_384];
        for (var left = bytes; left > 0;)
        {
            var sent = from.Send(chunk, Math.Min(left, chunk.Length), SocketFlags.None);
            to.ReadExactly(sent);
            left -= sent;
        }
    }

    /// <summary>Closes both ends, the first one first, having seen its FIN on the other.</summary>
    internal static void CloseBoth(this Socket first, Socket second)
    {
        first.Shutdown(SocketShutdown.Send);
        second.ReadToEnd();
        second.Dispose();
        first.ReadToEnd();
        first.Dispose();
    }

    internal static void ReadToEnd(this Socket socket)
    {
        var buffer = new byte[4096];
        int read;
        do
        {
            read = socket.Receive(buffer);
        }
        while (read > 0);
    }

    private static void ReadExactly(this Socket socket, int bytes)
    {
        var buffer = new byte[65536];
        while (bytes > 0)
        {
            var read = socket.Receive(buffer);
            bytes = read == 0 ? throw new EndOfStreamException() : bytes - read;
        }
    }
}
