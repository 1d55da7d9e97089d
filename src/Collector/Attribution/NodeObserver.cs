using System.Collections.Frozen;
using System.Collections.Immutable;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.Cgroups;
using NetPulse.Linux.Netlink;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Keeps the <see cref="NodePicture"/> up to date: network namespaces, their addresses, and the pods.</summary>
/// <remarks><see cref="Refresh"/> is called by one thread; <see cref="Current"/> may be read by any.</remarks>
public sealed class NodeObserver(NetworkNamespaceThread thread, IClusterObjects? cluster, TimeProvider time, PodCgroups? cgroups = null, AddressGroups? outside = null)
{
    /// <summary>Bind mounts are listed at each refresh; namespaces that only processes hold need a walk through /proc.</summary>
    private static readonly TimeSpan ProcessScanPeriod = TimeSpan.FromSeconds(10);

    /// <summary>Addresses come and go inside of a namespace, too.</summary>
    private static readonly TimeSpan AddressPeriod = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan PodPeriod = TimeSpan.FromSeconds(2);

    /// <summary>How long the owner of a vanished namespace is remembered.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly Dictionary<ulong, Gone> gone = [];
    private readonly AddressWindows windows = new();
    private readonly Dictionary<string, NamedPod> podsByUid = new(StringComparer.Ordinal);
    private Dictionary<ulong, Seen> seen = [];
    private IReadOnlyList<NetworkNamespace> listed = [];
    private Due processScan;
    private Due pods;
    private volatile NodePicture current = NodePicture.None;

    public NodePicture Current => current;

    /// <exception cref="NetworkNamespaceException">Namespaces may not be entered.</exception>
    public void Refresh()
    {
        var now = time.GetUtcNow();
        var processes = new Dictionary<ulong, int>();
        if (processScan.IsAt(now))
        {
            listed = NetworkNamespaceList.Find(processes);
            cgroups?.Refresh();
            processScan = Due.After(ProcessScanPeriod, now);
        }
        else
        {
            // What was bind-mounted since comes first, under the name that its maker gave it.
            listed = [.. NetworkNamespaceList.FindBindMounted().Concat(listed).DistinctBy(each => each.Inode)];
        }

        var changed = LookInto(now, processes);
        if (cluster is not null && pods.IsAt(now))
        {
            changed |= cluster.Refresh();
            pods = Due.After(PodPeriod, now);
        }

        changed |= Forget(now);

        if (changed)
        {
            current = Draw();
        }
    }

    /// <summary>Learns the cookie and the addresses of each listed namespace.</summary>
    /// <returns>Whether there was any difference.</returns>
    private bool LookInto(DateTimeOffset now, Dictionary<ulong, int> processes)
    {
        var changed = false;
        var present = new Dictionary<ulong, Seen>();
        foreach (var target in listed)
        {
            try
            {
                var cookie = thread.CookieOf(target);
                var known = seen.GetValueOrDefault(target.Inode);
                var isSame = known is not null && known.Cookie == cookie;
                if (!isSame || known!.NextAddresses.IsAt(now))
                {
                    var addresses = thread.Run(target, ReadAddresses);
                    changed |= !isSame || !addresses.SequenceEqual(known!.Addresses);
                    known = new Seen(target, cookie, addresses, Due.After(AddressPeriod, now), isSame ? known!.PodUid : null);
                }
                else if (known.Namespace != target)
                {
                    known = known with { Namespace = target };
                    changed = true;
                }

                if (known.PodUid is null && !target.IsHost && processes.TryGetValue(target.Inode, out var process)
                    && CgroupFile.PathsOf(process).Select(PodCgroup.UidOf).OfType<string>().FirstOrDefault() is { } uid)
                {
                    known = known with { PodUid = uid };
                    changed = true;
                }

                present.TryAdd(target.Inode, known);
            }
            catch (NetworkNamespaceException e) when (e.IsGone)
            {
                // It went between being listed and being entered.
            }
        }

        foreach (var (inode, lost) in seen.Where(each => !present.TryGetValue(each.Key, out var still) || still.Cookie != each.Value.Cookie))
        {
            gone[lost.Cookie == 0 ? inode : lost.Cookie] = new Gone(lost, now);
            changed = true;
        }

        seen = present;
        return changed;
    }

    private bool Forget(DateTimeOffset now)
    {
        var changed = false;
        foreach (var old in gone.Where(each => now - each.Value.Since > Remembered || now < each.Value.Since - Remembered).Select(each => each.Key).ToList())
        {
            changed |= gone.Remove(old);
        }

        changed |= windows.HasExpired(now);
        foreach (var pod in PodsHere)
        {
            foreach (var uid in new[] { pod.Uid, pod.KubeletUid }.Where(uid => uid.Length > 0))
            {
                podsByUid[uid] = new NamedPod(pod.Named.Owner, now);
            }
        }

        foreach (var old in podsByUid.Where(each => now - each.Value.SeenAt > Remembered).Select(each => each.Key).ToList())
        {
            changed |= podsByUid.Remove(old);
        }

        return changed;
    }

    private NodePicture Draw()
    {
        var byInode = new Dictionary<ulong, WorkloadIdentity>();
        foreach (var pod in PodsHere.Where(pod => pod.NetworkNamespace.Length > 0))
        {
            if (NetworkNamespaceList.At(pod.NetworkNamespace) is { IsHost: false } own)
            {
                byInode.TryAdd(own.Inode, pod.Named.Owner);
            }
        }

        var names = new HashSet<WorkloadIdentity> { WorkloadIdentity.Host };
        var owned = ImmutableArray.CreateBuilder<OwnedNamespace>(seen.Count);
        foreach (var each in seen.Values)
        {
            var owner = each.Namespace.IsHost ? WorkloadIdentity.Host
                : byInode.TryGetValue(each.Namespace.Inode, out var pod) ? pod
                : each.PodUid is { } uid ? podsByUid.TryGetValue(uid, out var named) ? named.Owner : SocketOwners.OfUnknownPod(uid)
                : new WorkloadIdentity("", each.Namespace.Name, "");
            if (!names.Add(owner) && !each.Namespace.IsHost)
            {
                owner = owner with { Workload = $"{owner.Workload}-{each.Namespace.Inode}" };
            }

            owned.Add(new OwnedNamespace(each.Namespace, each.Cookie, owner));
        }

        foreach (var (_, each) in gone)
        {
            each.Owner ??= current.Namespaces.Of(each.Seen.Cookie, each.Seen.Namespace.Inode);
        }

        var present = owned.DrainToImmutable();
        var ownAddresses = present.SelectMany(each => seen[each.Namespace.Inode].Addresses.Select(address => KeyValuePair.Create(address, each.Owner)));
        windows.Update(Named(cluster?.Pods.Select(pod => pod.Named)).Concat(ownAddresses).Concat(Named(cluster?.Services)).Concat(Named(cluster?.Nodes)), time.GetUtcNow());
        var namespaces = new NamespaceOwners(present, gone.Values.Select(each => new OwnedNamespace(each.Seen.Namespace, each.Seen.Cookie, each.Owner!)));
        return new NodePicture(current.Version + 1, namespaces, new PeerAddresses(windows.All, outside ?? AddressGroups.None))
        {
            Owners = new SocketOwners(namespaces, cgroups, podsByUid.ToFrozenDictionary(each => each.Key, each => each.Value.Owner, StringComparer.Ordinal)),
        };
    }

    private IEnumerable<KnownPod> PodsHere => cluster?.Pods.Where(pod => pod.IsHere) ?? [];

    private static IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> Named(IEnumerable<AddressOwner>? owners) =>
        (owners ?? []).SelectMany(each => each.Addresses, (each, address) => KeyValuePair.Create(address, each.Owner));

    /// <summary>Of the namespace that the thread is in, without loopback's and link-local ones, which name nobody.</summary>
    private static ImmutableArray<MappedAddress> ReadAddresses()
    {
        using var socket = new NetlinkSocket(NetlinkSocket.Route);
        return
        [
            .. RouteMessages.Addresses(socket)
                .Select(MappedAddress.From)
                .Where(each => !each.IsLoopbackOrLinkLocal)
                .Order(Comparer<MappedAddress>.Create((a, b) => (a.FirstBytes, a.LastBytes).CompareTo((b.FirstBytes, b.LastBytes)))),
        ];
    }

    /// <param name="PodUid">Of the pod whose cgroup a process in it is in.</param>
    private sealed record Seen(NetworkNamespace Namespace, ulong Cookie, ImmutableArray<MappedAddress> Addresses, Due NextAddresses, string? PodUid);

    private readonly record struct NamedPod(WorkloadIdentity Owner, DateTimeOffset SeenAt);

    private sealed class Gone(Seen seen, DateTimeOffset since)
    {
        public Seen Seen { get; } = seen;

        public DateTimeOffset Since { get; } = since;

        public WorkloadIdentity? Owner { get; set; }
    }
}
