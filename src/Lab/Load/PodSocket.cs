using System.Net;
using System.Net.Sockets;
using System.Text;
using NetPulse.Lab.Topology;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Load;

/// <summary>TCP sockets that live in a pod, wherever they are used from.</summary>
internal static class PodSocket
{
    private const int SOL_TCP = 6;
    private const int TCP_CONGESTION = 13;

    internal static Socket Listen(NetworkNamespaceThread thread, LabPod pod, int port)
    {
        var socket = Create(thread, pod);
        try
        {
            socket.Bind(new IPEndPoint(pod.Address, port));
            socket.Listen(backlog: 16);
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

    /// <summary>Ends the connection at once: unsent data would keep a deleted namespace alive for minutes.</summary>
    internal static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (SocketException)
        {
            // it is broken already: there is nothing that could linger
        }

        socket.Dispose();
    }

    private static Socket Create(NetworkNamespaceThread thread, LabPod pod) =>
        thread.Run(pod.NetworkNamespace, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
}
