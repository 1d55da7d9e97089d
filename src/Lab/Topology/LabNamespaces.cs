using System.Net.Sockets;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Topology;

/// <summary>The lab's pods as network namespaces, made by iproute2; gone again when disposed of.</summary>
public sealed class LabNamespaces : IAsyncDisposable
{
    /// <summary>Where <c>ip netns</c> bind-mounts them.</summary>
    internal const string Directory = "/run/netns";

    private readonly Socket reservation;
    private readonly PodObjects? objects;
    private readonly List<LabPod> pods = [];

    private LabNamespaces(Socket reservation, LabSettings settings)
    {
        this.reservation = reservation;
        objects = settings.ObjectsDirectory is { } directory ? new PodObjects(directory, settings.NodeName) : null;
    }

    public IReadOnlyList<LabPod> Pods => pods;

    /// <summary>For what must be opened inside a pod.</summary>
    public NetworkNamespaceThread Thread { get; } = new();

    /// <summary>Makes the pods, after clearing away what a killed lab of the same prefix has left.</summary>
    /// <exception cref="LabException">A lab of this prefix runs, <c>ip</c> failed, or a sysctl is not there. Nothing is left behind.</exception>
    public static async Task<LabNamespaces> CreateAsync(LabSettings settings, IEnumerable<PodDescription> descriptions, CancellationToken cancellationToken)
    {
        var namespaces = new LabNamespaces(Reserve(settings.Prefix), settings);
        try
        {
            await namespaces.DeleteLeftoversAsync(settings.Prefix, cancellationToken);
            foreach (var description in descriptions)
            {
                await namespaces.AddAsync($"{settings.Prefix}-{description.Name}", description, cancellationToken);
            }

            return namespaces;
        }
        catch
        {
            await namespaces.DisposeAsync();
            throw;
        }
    }

    public LabPod Pod(string name) => pods.Single(pod => pod.Name == name);

    public async ValueTask DisposeAsync()
    {
        var failures = new List<Exception>();
        foreach (var pod in pods)
        {
            try
            {
                objects?.Delete(pod);
                if (NetworkNamespaceList.At(pod.NetworkNamespace.Path) == pod.NetworkNamespace)
                {
                    await IpCommand.RunAsync(["netns", "delete", pod.NetworkNamespace.Name], CancellationToken.None);
                }
            }
            catch (IOException e)
            {
                // the other pods are cleared away all the same
                failures.Add(e);
            }
        }

        pods.Clear();
        Thread.Dispose();
        reservation.Dispose();
        if (failures.Count > 0)
        {
            throw new LabException("clear the lab away", string.Join(", ", failures.Select(e => e.Message)), "delete what `ip netns list` still shows of it", new AggregateException(failures));
        }
    }

    /// <summary>An abstract socket holds the prefix: the kernel frees it with the process, however that ends.</summary>
    private static Socket Reserve(string prefix)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0netpulse-lab-{prefix}"));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new LabException($"start a lab named {prefix}", e.Message, "another lab of this name runs: stop it first, or choose another prefix", e);
        }
    }

    private async Task DeleteLeftoversAsync(string prefix, CancellationToken cancellationToken)
    {
        objects?.DeleteLeftovers($"{prefix}-");
        if (!System.IO.Directory.Exists(Directory))
        {
            return;
        }

        foreach (var file in System.IO.Directory.GetFiles(Directory, $"{prefix}-*"))
        {
            await IpCommand.RunAsync(["netns", "delete", Path.GetFileName(file)], cancellationToken);
        }
    }

    private async Task AddAsync(string name, PodDescription description, CancellationToken cancellationToken)
    {
        await IpCommand.RunAsync(["netns", "add", name], cancellationToken);
        var path = Path.Combine(Directory, name);
        var networkNamespace = NetworkNamespaceList.At(path)
            ?? throw new LabException($"ip netns add {name}", $"{path} stands for no network namespace", "check that /run/netns is not mounted over");
        var pod = new LabPod(description.Name, description.Workload, description.Address, networkNamespace);
        pods.Add(pod);
        await IpCommand.BatchAsync(name, ["link set lo up"], cancellationToken);
        Thread.Run(networkNamespace, () =>
        {
            foreach (var (sysctl, value) in description.Sysctls)
            {
                Sysctl.Write(sysctl, value);
            }
        });
        if (description.TracksConnections)
        {
            // A rule that asks for the state of a connection is what makes the kernel track connections in this namespace.
            await IpCommand.ExecuteAsync(name, ["nft", "add table ip lab; add chain ip lab arriving { type filter hook input priority 0; }; add rule ip lab arriving ct state new counter accept"], cancellationToken);
        }

        objects?.Write(pod);
    }
}
