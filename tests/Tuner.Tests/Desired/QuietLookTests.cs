using System.Diagnostics;
using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;

namespace NetPulse.Tuner.Tests.Desired;

/// <summary>The look that costs next to nothing must see whatever the whole one would act upon.</summary>
public sealed class QuietLookTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Wanted = "4096 131072 1500000";

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();

    public QuietLookTests()
    {
        node.AddPod("archive-0", pod.Path);
        node.Want(Setting("change-1"));
        node.Turn();
    }

    [KernelFact]
    public void What_holds_still_is_told_at_the_time_of_the_look_and_nothing_else_is_written()
    {
        var told = node.StatusOf("change-1");
        node.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(node.Reconciler.HoldsStill());
        node.Clock.Advance(TimeSpan.FromSeconds(10.5));
        Assert.True(node.Reconciler.HoldsStill());
        Assert.Equal(node.Clock.GetUtcNow(), node.Status.ObservedAt);
        Assert.Equal(told, node.StatusOf("change-1"));
        Assert.Equal(Wanted, pod.Read(Rmem));
    }

    [KernelFact]
    public void An_administrators_value_is_seen_also_when_its_files_are_open()
    {
        Assert.True(node.Reconciler.HoldsStill());
        pod.Write(Rmem, "4096 131072 2222222");
        Assert.False(node.Reconciler.HoldsStill());
        node.Turn();
        Assert.Equal(SettingState.Overridden, node.StatusOf("change-1").State);
        Assert.False(node.Reconciler.HoldsStill());
    }

    [KernelFact]
    public void A_namespace_that_another_has_taken_the_place_of_is_seen()
    {
        Assert.True(node.Reconciler.HoldsStill());
        pod.Delete();
        pod.Add();
        Assert.False(node.Reconciler.HoldsStill());
        node.Turn();
        Assert.Equal((SettingState.Applied, Wanted), (node.StatusOf("change-1").State, pod.Read(Rmem)));
        Assert.True(node.Reconciler.HoldsStill());
    }

    [KernelFact]
    public void What_is_open_keeps_no_namespace_alive()
    {
        Assert.True(node.Reconciler.HoldsStill());
        var device = $"np{Environment.ProcessId % 100_000}v";
        using (var add = Process.Start("ip", ["link", "add", device, "type", "veth", "peer", "name", "inside", "netns", pod.Name]))
        {
            add.WaitForExit();
            Assert.Equal(0, add.ExitCode);
        }

        // Its end in the pod goes with the pod's namespace, and this one with it.
        pod.Delete();
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/sys/class/net/{device}"), TimeSpan.FromSeconds(60)));
        Assert.False(node.Reconciler.HoldsStill());
    }

    [KernelFact]
    public void While_something_does_not_hold_there_is_no_quiet_look()
    {
        node.Want(Setting("change-1"), Setting("change-2") with { Sysctl = "net.ipv4.tcp_nothing" });
        node.Turn();
        Assert.Equal(SettingState.Refused, node.StatusOf("change-2").State);
        Assert.False(node.Reconciler.HoldsStill());
    }

    [KernelFact]
    public async Task A_file_that_is_put_in_the_place_of_another_is_told_at_once()
    {
        await node.Objects.PrepareAsync();
        var changed = node.Objects.Changed!;
        _ = node.Objects.HaveChanged();
        _ = changed.WaitOne(TimeSpan.Zero);
        node.Want();
        Assert.True(changed.WaitOne(TimeSpan.FromSeconds(30)));
        Assert.True(node.Objects.HaveChanged());
        node.AddPod("archive-1", pod.Path);
        Assert.True(changed.WaitOne(TimeSpan.FromSeconds(30)));
        Assert.True(node.Objects.HaveChanged());
        Assert.False(node.Objects.HaveChanged());
    }

    public void Dispose()
    {
        node.Dispose();
        pod.Dispose();
    }

    private static SysctlSetting Setting(string name) =>
        new() { Name = name, Pod = new PodReference { Namespace = "lab", Name = "archive-0" }, Sysctl = Rmem, Value = Wanted };
}
