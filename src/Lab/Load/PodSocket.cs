using System.Net;
using System.Net.Sockets;
using System.Text;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Load;

/// <summary>Sockets that live in a pod, wherever they are used from.</summary>
internal static class PodSocket
{
    private const int SOL_TCP = 6;
    private const int TCP_CONGESTION = 13;
    private const int SOL_SOCKET = 1;
    private const int SO_REUSEPORT = 15;

    /// <param name="backlog">What the application asks for; somaxconn may cut it.</param>
    /// <param name="receiveBufferBytes">SO_RCVBUF, before the socket listens, so that it decides the window scale; <see langword="null"/>: not asked for.</param>
    internal static Socket Listen(NetworkNamespaceThread thread, LabPod pod, int port, int backlog = 16, int? receiveBufferBytes = null)
    {
        var socket = Create(thread, pod);
        try
        {
            if (receiveBufferBytes is { } bytes)
            {
                socket.ReceiveBufferSize = bytes;
            }

            AllowSharing(socket);
            socket.Bind(new IPEndPoint(pod.Address, port));
            socket.Listen(backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="LabException">The kernel does not have the congestion control.</exception>
    internal static Socket ForSending(NetworkNamespaceThread thread, LabPod pod, string? congestionControl)
    {
        var socket = Create(thread, pod);
        if (congestionControl is null)
        {
            return socket;
        }

        try
        {
            socket.SetRawSocketOption(SOL_TCP, TCP_CONGESTION, Encoding.ASCII.GetBytes(congestionControl));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LabException($"use {congestionControl} in {pod.Name}", "this kernel does not have it loaded", $"modprobe tcp_{congestionControl}, or choose another", e);
        }
    }

    /// <summary>Several at once: entering the pod is the dear part.</summary>
    internal static Socket[] Streams(NetworkNamespaceThread thread, LabPod pod, int count) =>
        thread.Run(pod.NetworkNamespace, () => Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray());

    internal static Socket Datagrams(NetworkNamespaceThread thread, LabPod pod) =>
        thread.Run(pod.NetworkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));

    /// <summary>So that an application can bind anew before it closes its old socket.</summary>
    internal static void AllowSharing(Socket socket) => socket.SetRawSocketOption(SOL_SOCKET, SO_REUSEPORT, BitConverter.GetBytes(1));

    /// <summary>IPv4 packets whose header the sender writes.</summary>
    internal static Socket RawPackets(NetworkNamespaceThread thread, LabPod pod) =>
        thread.Run(pod.NetworkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Raw));

    /// <summary>Ends the connection at once: unsent data would keep a deleted namespace alive for minutes.</summary>
    internal static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // it is broken already: there is nothing that could linger
        }

        socket.Dispose();
    }

    private static Socket Create(NetworkNamespaceThread thread, LabPod pod) => Streams(thread, pod, 1)[0];
}
