using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>The running kernel's names of its reasons to drop a packet. Used by one thread at a time.</summary>
/// <remarks>Source: the kernel's own type information: the numbers differ from release to release.</remarks>
public sealed class DropReasons
{
    private const string Prefix = "SKB_DROP_REASON_";
    private const int SubsystemShift = 16;

    /// <summary>Which module knows a subsystem's reasons (include/net/dropreason.h), and what it calls them.</summary>
    private static readonly (string Subsystem, string Module, string Enumeration)[] Subsystems =
    [
        ("SKB_DROP_REASON_SUBSYS_OPENVSWITCH", "openvswitch", "ovs_drop_reason"),
        ("SKB_DROP_REASON_SUBSYS_MAC80211_UNUSABLE", "mac80211", "mac80211_drop_reason"),
    ];

    private readonly Dictionary<uint, string> names = [];
    private readonly Dictionary<uint, string> subsystems;
    private readonly HashSet<uint> asked = [];

    private DropReasons(Dictionary<uint, string> core)
    {
        foreach (var (value, name) in core)
        {
            // Three of the values are none of a dropped packet.
            if (name is not ("SKB_NOT_DROPPED_YET" or Prefix + "MAX" or Prefix + "SUBSYS_MASK"))
            {
                names.TryAdd(value, WithoutPrefix(name));
            }
        }

        subsystems = KernelEnum.Read("skb_drop_reason_subsys") ?? [];
    }

    /// <summary>Every reason of the kernel itself.</summary>
    public IReadOnlyCollection<string> Names => names.Values;

    /// <exception cref="BpfException">The kernel gives no reasons.</exception>
    public static DropReasons OfThisKernel() =>
        new(KernelEnum.Read("skb_drop_reason") ?? throw new BpfException("read the reasons for drops", 0, "this kernel gives none: Linux 5.17 or later does"));

    /// <summary>As the kernel's tools print it: <c>NETFILTER_DROP</c>; a number where neither kernel nor module names it.</summary>
    public string NameOf(uint reason)
    {
        if (!names.TryGetValue(reason, out var name))
        {
            AskModule(reason >> SubsystemShift);
            name = names.GetValueOrDefault(reason) ?? (reason >> SubsystemShift == 0 ? $"{reason}" : $"{SubsystemName(reason >> SubsystemShift)}_{reason & 0xFFFF}");
            names[reason] = name;
        }

        return name;
    }

    /// <summary>Once: a module that gives a reason is loaded.</summary>
    private void AskModule(uint subsystem)
    {
        if (subsystem == 0 || !asked.Add(subsystem))
        {
            return;
        }

        var name = subsystems.GetValueOrDefault(subsystem);
        foreach (var (_, module, enumeration) in Subsystems.Where(each => each.Subsystem == name))
        {
            foreach (var (value, text) in KernelEnum.Read(enumeration, module) ?? [])
            {
                names.TryAdd(value, WithoutPrefix(text));
            }
        }
    }

    private string SubsystemName(uint subsystem) => subsystems.TryGetValue(subsystem, out var name) ? WithoutPrefix(name) : $"SUBSYS_{subsystem}";

    private static string WithoutPrefix(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
}
