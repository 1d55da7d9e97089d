using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Desired;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>A Tuner whose objects are in an API server, and whose pods are processes in cgroups as the kubelet makes them.</summary>
public sealed class ClusterNodeObjectsTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Uid = "5d0e2f7a-9c41-4d38-8b6e-2a1f0c9d8e7b";
    private const string Sysctl = "net.ipv4.tcp_rmem";
    private const string Value = "4096 131072 8388608";

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly List<IDisposable> running = [];
    private TestApiServer server = null!;
    private RoleWatch roles = null!;
    private ClusterNodeObjects objects = null!;
    private Reconciler reconciler = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "node-1" } });
        var client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance) { FieldManager = "netpulse-tuner" };
        var state = StateDirectory.Open(directory);
        var held = HeldValues.Open(state, BootId.Read(), NullLogger<HeldValues>.Instance);
        var (sysctls, metrics) = (new NamespaceSysctls(), new TunerMetrics());
        roles = new RoleWatch(client, TunerRules.All, RoleWatch.OnEveryNode, TimeProvider.System, NullLogger<RoleWatch>.Instance);
        objects = new ClusterNodeObjects(client, "node-1", new PodProcesses(), roles, metrics, TimeProvider.System, NullLoggerFactory.Instance);
        var trial = new KnobTrial(KnobTable.Accepted, NullLogger<KnobTrial>.Instance);
        trial.Run();
        reconciler = new Reconciler(
            objects, held, new ValueHolder(held, sysctls, metrics, TimeProvider.System, NullLogger<ValueHolder>.Instance), new SettingCheck(KnobTable.Accepted, trial, sysctls, held, TimeProvider.System),
            KnobTable.Accepted, trial, sysctls, metrics, TimeProvider.System, NullLogger<Reconciler>.Instance);
        running.AddRange([objects, roles, client, sysctls, metrics, held, state]);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await objects.StopAsync(CancellationToken.None);
        running.ForEach(static part => part.Dispose());
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [KernelFact]
    public async Task A_setting_is_applied_in_the_namespace_of_the_pods_process_and_taken_back_when_it_is_removed()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        using var process = Inhabit(cgroup, network);
        var before = network.Read(Sysctl);
        await FollowAsync(Pod());

        Want(Setting());
        await TurnedAsync(status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);
        Assert.Equal(Value, network.Read(Sysctl));
        Assert.Equal("True", Status()!.Conditions.OfType("Ready")?.Status);
        Assert.NotEmpty(Status()!.Knobs);

        Want();
        await TurnedAsync(status => status?.Settings.SingleOrDefault()?.State == SettingState.Reverted);
        Assert.Equal(before, network.Read(Sysctl));
        process.Kill();
    }

    [KernelFact]
    public async Task A_namespace_that_the_pod_itself_names_is_never_believed()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        using var other = new TestNamespace();
        using var process = Inhabit(cgroup, network);
        var untouched = other.Read(Sysctl);
        await FollowAsync(Pod(other.Path));
        Want(Setting());
        await TurnedAsync(status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);
        Assert.Equal((Value, untouched), (network.Read(Sysctl), other.Read(Sysctl)));
        process.Kill();
    }

    [KernelFact]
    public async Task A_pod_without_a_process_is_refused_until_it_has_one()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        await FollowAsync(Pod());
        Want(Setting());
        await TurnedAsync(status => status?.Settings.SingleOrDefault()?.State == SettingState.Refused);
        Assert.Equal("False", Status()!.Conditions.OfType("Ready")?.Status);
        using var process = Inhabit(cgroup, network);
        await TurnedAsync(status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);
        process.Kill();
    }

    [KernelFact]
    public async Task The_NodeTuning_is_made_empty_for_the_node_and_only_its_status_is_ever_written_again()
    {
        await FollowAsync();
        await TurnedAsync(static status => status is not null);
        var stored = server.Find("netpulse.io/v1alpha1", "nodetunings", "node-1")!;
        Assert.Equal("Node", stored["metadata"]!["ownerReferences"]![0]!["kind"]!.ToString());
        Assert.DoesNotContain(server.Seen, static request => request.Method == "PATCH" && !request.Target.Contains("/status", StringComparison.Ordinal) && request.Target.Contains("/nodetunings/node-1", StringComparison.Ordinal) && !request.Target.Contains("fieldManager=netpulse-tuner", StringComparison.Ordinal));

        Want(Setting() with { Pod = null, Sysctl = "net.core.somaxconn", Value = "no number" });
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Refused);
        Assert.Single(server.Seen, static request => request.Method == "PATCH" && request.Target.Contains("/nodetunings/node-1?", StringComparison.Ordinal));
    }

    [KernelFact]
    public async Task A_spec_that_leaves_nothing_new_to_say_is_answered_by_its_generation()
    {
        await FollowAsync(Pod());
        Want(Setting());
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Refused);
        var wanted = server.Find("netpulse.io/v1alpha1", "nodetunings", "node-1")!;
        wanted["metadata"]!["generation"] = 7;
        wanted["spec"]!["settings"]![0]!["reason"] = "another";
        server.Add("netpulse.io/v1alpha1", "nodetunings", wanted);
        await TurnedAsync(static status => status?.ObservedGeneration == 7);
        Assert.Equal(SettingState.Refused, Status()!.Settings.Single().State);
    }

    [KernelFact]
    public async Task While_the_API_server_is_away_what_it_said_last_holds_and_what_is_due_is_put_back()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        using var process = Inhabit(cgroup, network);
        var before = network.Read(Sysctl);
        await FollowAsync(Pod());
        Want(Setting() with { RevertAt = DateTimeOffset.UtcNow + TimeSpan.FromSeconds(8) });
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);
        await server.StopAsync();
        reconciler.Reconcile();
        Assert.Equal(Value, network.Read(Sysctl));
        while (!reconciler.RevertDue())
        {
            await Task.Delay(100, deadline.Token);
        }

        Assert.Equal(before, network.Read(Sysctl));
        process.Kill();
    }

    [KernelFact]
    public async Task An_uninstall_pauses_the_policy_and_waits_until_every_value_is_back()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        using var process = Inhabit(cgroup, network);
        var before = network.Read(Sysctl);
        server.Add("netpulse.io/v1alpha1", "optimizationpolicies", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "default" } });
        await FollowAsync(Pod());
        Want(Setting());
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);

        using var client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        var told = new StringWriter();
        var clearance = new TuningClearance(client, TimeProvider.System);
        Assert.Equal(1, await clearance.RunAsync(TimeSpan.Zero, told, deadline.Token));
        Assert.Contains("node-1: not back: raise-window", told.ToString(), StringComparison.Ordinal);
        var clearing = clearance.RunAsync(TimeSpan.FromSeconds(50), told, deadline.Token);
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Reverted);
        Assert.Equal((0, before), (await clearing, network.Read(Sysctl)));
        Assert.Equal(TuningClearance.Reason, server.Find("netpulse.io/v1alpha1", "optimizationpolicies", "default")!["spec"]!["paused"]![0]!.ToString());
        process.Kill();
    }

    [KernelFact]
    public async Task What_counts_is_a_change_and_neither_our_own_status_nor_a_pods_readiness_is()
    {
        await FollowAsync(Pod());
        await TurnedAsync(static status => status is not null);
        Want();
        await ChangedAsync();
        var pod = server.Find("v1", "pods", "archive-0", "lab")!;
        pod["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }) };
        server.Add("v1", "pods", pod);
        Want(Setting());
        await ChangedAsync();
        await TurnedAsync(static status => status?.Settings.Count == 1);
        Assert.False(objects.HaveChanged());
    }

    [KernelFact]
    public async Task A_status_that_may_not_be_written_stops_nothing()
    {
        server.Deny("patch", "nodetunings/status");
        using var cgroup = new TestCgroup();
        using var network = new TestNamespace();
        using var process = Inhabit(cgroup, network);
        await FollowAsync(Pod());
        Want(Setting());
        while (network.Read(Sysctl) != Value)
        {
            reconciler.Reconcile();
            await Task.Delay(50, deadline.Token);
        }

        server.Allow("patch", "nodetunings/status");
        await TurnedAsync(static status => status?.Settings.SingleOrDefault()?.State == SettingState.Applied);
        process.Kill();
    }

    [KernelFact]
    public async Task A_rule_that_is_missing_is_told_on_the_NodeTuning()
    {
        server.Granted = [.. TunerRules.All.Select(static rule => (rule.Verb, rule.Group, rule.Resource))];
        server.Deny("watch", "pods");
        await roles.LookAsync(deadline.Token);
        await FollowAsync();
        await TurnedAsync(static status => status?.Conditions.OfType("Ready") is { Status: "False", Reason: "RolesMissing" } ready && ready.Message.Contains("the verb watch on pods ", StringComparison.Ordinal));
    }

    private static SysctlSetting Setting() => new() { Name = "raise-window", Sysctl = Sysctl, Value = Value, Pod = new PodReference { Namespace = "lab", Name = "archive-0" } };

    private static Pod Pod(string annotated = "") => new()
    {
        Metadata = new ObjectMeta
        {
            Namespace = "lab",
            Name = "archive-0",
            Uid = Uid,
            Annotations = annotated.Length == 0
                ? new Dictionary<string, string>(StringComparer.Ordinal)
                : new Dictionary<string, string>(StringComparer.Ordinal) { [Kubernetes.Objects.Pod.NetworkNamespaceAnnotation] = annotated },
        },
        Spec = new PodSpec { NodeName = "node-1" },
    };

    private static Process Inhabit(TestCgroup cgroup, TestNamespace network)
    {
        var process = network.Inhabit();
        var container = $"/kubepods/burstable/pod{Uid}/container";
        cgroup.Make(container);
        File.WriteAllText($"{cgroup.Hierarchy.MountPoint}{cgroup.PathOf(container)}/cgroup.procs", process.Id.ToString(CultureInfo.InvariantCulture));
        return process;
    }

    private async Task FollowAsync(params Pod[] pods)
    {
        foreach (var pod in pods)
        {
            server.Add("v1", "pods", JsonSerializer.SerializeToNode(pod, KubernetesJson.TypeOf<Pod>())!.AsObject());
        }

        await objects.StartAsync(deadline.Token);
        await objects.PrepareAsync(deadline.Token);
    }

    /// <summary>As the Optimizer would.</summary>
    private void Want(params SysctlSetting[] settings)
    {
        var stored = server.Find("netpulse.io/v1alpha1", "nodetunings", "node-1") ?? new JsonObject { ["metadata"] = new JsonObject { ["name"] = "node-1" } };
        stored["spec"] = JsonSerializer.SerializeToNode(new NodeTuningSpec { Settings = settings }, KubernetesJson.TypeOf<NodeTuningSpec>());
        server.Add("netpulse.io/v1alpha1", "nodetunings", stored);
    }

    private async Task TurnedAsync(Func<NodeTuningStatus?, bool> isReached)
    {
        while (!isReached(Status()))
        {
            _ = reconciler.RevertDue();
            reconciler.Reconcile();
            await Task.Delay(50, deadline.Token);
        }
    }

    private async Task ChangedAsync()
    {
        while (!objects.HaveChanged())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    private NodeTuningStatus? Status() =>
        server.Find("netpulse.io/v1alpha1", "nodetunings", "node-1")?["status"] is { } status ? status.Deserialize(KubernetesJson.TypeOf<NodeTuningStatus>()) : null;
}
