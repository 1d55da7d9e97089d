using System.Net;
using System.Net.Sockets;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Demo;

/// <summary>The loopback ports of the demo's services, looked at before anything is built.</summary>
internal static class DemoPorts
{
    /// <exception cref="LabException">One is taken.</exception>
    public static void RequireFree(DemoSettings settings)
    {
        foreach (var (port, option) in new[] { (settings.OptimizerPort, "--optimizer-port"), (settings.CollectorPort, "--collector-port") })
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
            }
            catch (SocketException e)
            {
                throw new LabException($"listen on 127.0.0.1:{port}", e.Message, $"end what listens there, or choose another port: make run ARGS=\"{option} {port + 1}\"", e);
            }
        }
    }
}
