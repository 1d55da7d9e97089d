using System.Net;
using System.Net.Sockets;

namespace NetPulse.Benchmarks.Collector;

/// <summary>Work of one thread that has both ends in its hands, so that its CPU time is that of the whole path.</summary>
internal interface IWorkload : IDisposable
{
    /// <summary>As in the results.</summary>
    string Name { get; }

    /// <summary>One operation, which the results are per.</summary>
    void Run();
}

/// <summary>One write of 64 KiB over one connection, and its reads.</summary>
internal sealed class TcpBulk : IWorkload
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly Socket client;
    private readonly Socket server;

    public TcpBulk(string name, PodNetwork network, int port)
    {
        Name = name;
        using var listener = network.Listen(port);
        client = network.Client(SocketType.Stream);
        client.SendBufferSize = 1 << 20;
        client.Connect(PodNetwork.ServerAddress, port);
        server = listener.Accept();
    }

    public string Name { get; }

    public void Run()
    {
        var sent = client.Send(buffer);
        while (sent > 0)
        {
            sent -= server.Receive(buffer);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
    }
}

/// <summary>A request of 128 bytes and its answer of 512, on each of 1,000 connections in turn.</summary>
internal sealed class RequestResponse : IWorkload
{
    private const int Connections = 1_000;

    private readonly byte[] request = new byte[128];
    private readonly byte[] response = new byte[512];
    private readonly (Socket Client, Socket Server)[] pairs;
    private int next;

    public RequestResponse(PodNetwork network, int port)
    {
        using var listener = network.Listen(port);
        pairs = new (Socket, Socket)[Connections];
        for (var i = 0; i < Connections; i++)
        {
            var client = network.Client(SocketType.Stream);
            client.NoDelay = true;
            client.Connect(PodNetwork.ServerAddress, port);
            var server = listener.Accept();
            server.NoDelay = true;
            pairs[i] = (client, server);
        }
    }

    public string Name => "rr";

    public void Run()
    {
        var (client, server) = pairs[next];
        next = (next + 1) % Connections;
        client.Send(request);
        server.Receive(request);
        server.Send(response);
        client.Receive(response);
    }

    public void Dispose()
    {
        foreach (var (client, server) in pairs)
        {
            client.Dispose();
            server.Dispose();
        }
    }
}

/// <summary>A connection for a request and its answer, closed by the client.</summary>
internal sealed class ConnectPerRequest(PodNetwork network, int port) : IWorkload
{
    private readonly byte[] request = new byte[128];
    private readonly byte[] response = new byte[512];
    private readonly Socket listener = network.Listen(port);

    public string Name => "crr";

    public void Run()
    {
        using var client = network.Client(SocketType.Stream);
        client.Connect(PodNetwork.ServerAddress, port);
        using var server = listener.Accept();
        client.Send(request);
        server.Receive(request);
        server.Send(response);
        client.Receive(response);
    }

    public void Dispose() => listener.Dispose();
}

/// <summary>One datagram of 64 bytes, sent and received, on each of a number of flows in turn.</summary>
internal sealed class UdpFlows : IWorkload
{
    private readonly byte[] datagram = new byte[64];
    private readonly Socket[] clients;
    private readonly Socket[] servers;
    private readonly SocketAddress[] addresses;
    private readonly bool areConnected;
    private int next;

    /// <param name="side">Sockets on each side: every one sends to every other.</param>
    /// <param name="areConnected">Whether each flow has a client's socket of its own, connected to its server.</param>
    public UdpFlows(string name, PodNetwork network, int firstPort, int side, bool areConnected)
    {
        Name = name;
        this.areConnected = areConnected;
        clients = [.. Enumerable.Range(0, areConnected ? side * side : side).Select(_ => network.Client(SocketType.Dgram))];
        servers = [.. Enumerable.Range(firstPort, side).Select(port => network.Server(SocketType.Dgram, port))];
        addresses = [.. Enumerable.Range(firstPort, side).Select(port => new IPEndPoint(PodNetwork.ServerAddress, port).Serialize())];
        for (var i = 0; areConnected && i < clients.Length; i++)
        {
            clients[i].Connect(PodNetwork.ServerAddress, firstPort + (i % side));
        }
    }

    public string Name { get; }

    public void Run()
    {
        var to = next % servers.Length;
        if (areConnected)
        {
            clients[next].Send(datagram);
        }
        else
        {
            clients[next / servers.Length].SendTo(datagram, SocketFlags.None, addresses[to]);
        }

        servers[to].Receive(datagram);
        next = (next + 1) % (areConnected ? clients.Length : clients.Length * servers.Length);
    }

    public void Dispose()
    {
        foreach (var socket in clients.Concat(servers))
        {
            socket.Dispose();
        }
    }
}
