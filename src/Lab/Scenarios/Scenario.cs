using System.Net;
using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Scenarios;

/// <summary>Trouble on demand: what is built, what goes wrong, what heals it, and how much that is worth.</summary>
public sealed record Scenario
{
    /// <summary>As a user types it: <c>receive-window</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What is wrong, in a sentence.</summary>
    public required string Problem { get; init; }

    public required IReadOnlyList<PodDescription> Pods { get; init; }

    /// <summary>Where there are several of a kind, one is an untouched control for the other.</summary>
    public IReadOnlyList<PathDescription> Paths { get; init; } = [];

    public IReadOnlyList<CableDescription> Cables { get; init; } = [];

    /// <summary>The first judged one is what healing by hand heals.</summary>
    public required IReadOnlyList<LoadDescription> Loads { get; init; }

    /// <summary>Of the whole node, held while the scenario runs.</summary>
    public IReadOnlyDictionary<string, string> NodeSysctls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Set in the pods once the loads have begun.</summary>
    public IReadOnlyList<SysctlChange> OnceStarted { get; init; } = [];

    /// <summary>What heals it; of a twin: what looks as if it would.</summary>
    public required IReadOnlyList<SysctlChange> Healing { get; init; }

    /// <summary>What else may be changed because it heals as well.</summary>
    public IReadOnlyList<string> AlsoHeals { get; init; } = [];

    /// <summary>What is reached here once it is healed; <see langword="null"/> of a twin, in which nothing may be changed.</summary>
    public Expectation? Expected { get; init; }

    /// <summary>The causes that are right, as the optimizer names them; the first is the best.</summary>
    public IReadOnlyList<string> Causes { get; init; } = [];

    /// <summary>What bpftune does about it, as its documentation says; empty where it has nothing for it.</summary>
    public string Bpftune { get; init; } = "";

    /// <summary>From a change until the figure can be trusted: connections are renewed, buffers have grown.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>What the figure is taken over.</summary>
    public TimeSpan Measuring { get; init; } = TimeSpan.FromSeconds(6);

    public bool IsTwin => Expected is null;

    /// <summary>Whether harm is planted: the change must be taken back.</summary>
    public bool IsPlanted => Paths.Any(path => path.WhenChanged is not null);

    /// <summary>Whether it shows something about changes by hand only: with our services it is another scenario.</summary>
    public bool IsByHandOnly { get; init; }

    /// <summary>The scenarios that this one is a mixture of; itself alone when it is none.</summary>
    public IReadOnlyList<Scenario> Parts
    {
        get => field ?? [this];
        private init;
    }

    /// <summary>Several at once, on pods of their own.</summary>
    public static Scenario Mix(string name, IReadOnlyList<Scenario> scenarios)
    {
        var parts = scenarios.Select((scenario, i) => scenario.Placed(i)).ToList();
        return new Scenario
        {
            Name = name,
            Problem = string.Join("; and ", parts.Select(part => part.Problem)),
            Pods = [.. parts.SelectMany(part => part.Pods)],
            Paths = [.. parts.SelectMany(part => part.Paths)],
            Cables = [.. parts.SelectMany(part => part.Cables)],
            Loads = [.. parts.SelectMany(part => part.Loads)],
            NodeSysctls = parts.SelectMany(part => part.NodeSysctls).DistinctBy(each => each.Key).ToDictionary(StringComparer.Ordinal),
            OnceStarted = [.. parts.SelectMany(part => part.OnceStarted)],
            Healing = [.. parts.SelectMany(part => part.Healing)],
            AlsoHeals = [.. parts.SelectMany(part => part.AlsoHeals)],
            Expected = parts.Select(part => part.Expected).FirstOrDefault(expected => expected is not null),
            Causes = [.. parts.SelectMany(part => part.Causes)],
            Settling = parts.Max(part => part.Settling),
            Measuring = parts.Max(part => part.Measuring),
            Parts = parts,
        };
    }

    /// <summary>The same with names and addresses of its own, so that several fit into one lab.</summary>
    private Scenario Placed(int place)
    {
        if (place == 0)
        {
            return this;
        }

        return this with
        {
            Pods = [.. Pods.Select(pod => pod with { Name = Named(pod.Name), Workload = Named(pod.Workload), Address = Addressed(pod.Address) })],
            Paths = [.. Paths.Select(path => path with { From = Named(path.From), To = Named(path.To) })],
            Cables = [.. Cables.Select(cable => cable with { From = Named(cable.From), To = Named(cable.To) })],
            Loads = [.. Loads.Select(load => load with { From = Named(load.From), To = Named(load.To) })],
            OnceStarted = [.. OnceStarted.Select(Changed)],
            Healing = [.. Healing.Select(Changed)],
        };

        string Named(string name) => $"{(char)('a' + place)}-{name}";
        SysctlChange Changed(SysctlChange change) => change.Pod is { } pod ? change with { Pod = Named(pod) } : change;
        IPAddress Addressed(IPAddress address)
        {
            var bytes = address.GetAddressBytes();
            bytes[1] += (byte)place;
            return new IPAddress(bytes);
        }
    }
}

/// <summary>What joins two pods.</summary>
/// <param name="From">The sending pod's name.</param>
/// <param name="To">The receiving pod's name.</param>
/// <param name="Healthy">Of each direction, at first.</param>
/// <param name="Troubled">From the sender to the receiver, once there is trouble; the way back takes its delay only.</param>
public sealed record PathDescription(string From, string To, LinkSettings Healthy, LinkSettings Troubled)
{
    /// <summary>Whether the way back is troubled in the same way.</summary>
    public bool IsTroubledBothWays { get; init; }

    /// <summary>What it is like for a while before it is as <see cref="Troubled"/> says.</summary>
    public (LinkSettings Settings, TimeSpan Duration)? Episode { get; init; }

    /// <summary>What becomes of it as soon as a pod at one of its ends is changed, so that the change looks as if it did harm; <see langword="null"/>: nothing.</summary>
    public LinkSettings? WhenChanged { get; init; }

    /// <summary>A network that the receiver believes to be behind the sender, as <c>10.99.0.0/24</c>.</summary>
    public string? Behind { get; init; }
}

/// <summary>Traffic from one pod to another.</summary>
/// <param name="Start">Begins it.</param>
public sealed record LoadDescription(string From, string To, Func<LoadPlace, ILoad> Start)
{
    /// <summary>What becomes of it once there is trouble; <see langword="null"/>: it goes on as it is.</summary>
    public Action<ILoad>? Worsen { get; init; }

    /// <summary>Whether its figure tells of the trouble; otherwise it is there to make it.</summary>
    public bool IsJudged { get; init; } = true;

    internal static LoadDescription Of<T>(string from, string to, Func<LoadPlace, T> start, Action<T>? worsen = null)
        where T : ILoad => new(from, to, place => start(place)) { Worsen = worsen is null ? null : load => worsen((T)load) };
}

/// <summary>One sysctl of one pod, or of the node.</summary>
/// <param name="Pod"><see langword="null"/>: the node's own network namespace, which is also where what counts for the whole node is set.</param>
public sealed record SysctlChange(string? Pod, string Name, string Value);

/// <summary>The figure during the trouble and once it is healed, as measured on an idle machine.</summary>
/// <param name="Unit">The figure's.</param>
public sealed record Expectation(double Before, double After, string Unit);
