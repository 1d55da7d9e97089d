using System.Collections.Immutable;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>A network namespace and whose it is.</summary>
/// <param name="Cookie">Unique while the node is up, unlike the inode; 0 before Linux 5.14.</param>
public sealed record OwnedNamespace(NetworkNamespace Namespace, ulong Cookie, WorkloadIdentity Owner);

/// <summary>Network namespace → workload, at one moment. Immutable.</summary>
public sealed class NamespaceOwners
{
    /// <summary>The owner of a socket whose namespace came and went between two looks.</summary>
    public static readonly WorkloadIdentity Unknown = new("", "unknown", "");

    private readonly Dictionary<ulong, WorkloadIdentity> byCookie = [];
    private readonly Dictionary<ulong, WorkloadIdentity> byInode = [];

    /// <param name="present">What there is now.</param>
    /// <param name="recent">What was there until a short while ago: sockets are destroyed after their namespace has lost its name.</param>
    public NamespaceOwners(ImmutableArray<OwnedNamespace> present, IEnumerable<OwnedNamespace> recent)
    {
        Present = present;
        foreach (var each in present.Concat(recent))
        {
            if (each.Cookie != 0)
            {
                byCookie.TryAdd(each.Cookie, each.Owner);
            }

            byInode.TryAdd(each.Namespace.Inode, each.Owner);
        }
    }

    public ImmutableArray<OwnedNamespace> Present { get; }

    /// <remarks>In the kernel a namespace has its cookie from Linux 5.12 on, here only from 5.14 on: until then it is told by its inode.</remarks>
    public WorkloadIdentity Of(ulong cookie, ulong inode) =>
        (cookie != 0 && byCookie.Count > 0 ? byCookie.GetValueOrDefault(cookie) : byInode.GetValueOrDefault(inode)) ?? Unknown;
}
