using NetPulse.Kubernetes.Objects;
using NetPulse.Tests;
using NetPulse.Tuner.Knobs;

namespace NetPulse.Tuner.Tests.Desired;

public sealed class ReconcilerTests : IDisposable
{
    private const string Rmem = "net.ipv4.tcp_rmem";
    private const string Wanted = "4096 131072 1500000";
    private const string Other = "4096 131072 3000000";

    private readonly TestNode node = new();
    private readonly TestNamespace pod = new();
    private readonly string before;

    public ReconcilerTests()
    {
        node.AddPod("archive-0", pod.Path);
        before = pod.Read(Rmem);
    }

    [KernelFact]
    public void A_wanted_value_holds_in_the_pods_namespace_and_is_put_back_when_it_is_no_longer_wanted()
    {
        using var untouched = new TestNamespace();
        node.Want(Setting());
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Equal(before, untouched.Read(Rmem));
        var applied = node.StatusOf("change-1");
        Assert.Equal((SettingState.Applied, before, Wanted, node.Clock.GetUtcNow()), (applied.State, applied.Before, applied.Value, applied.Since));

        node.Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Reverted, node.StatusOf("change-1").State);
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void Without_a_NodeTuning_nothing_is_wanted()
    {
        node.Turn();
        Assert.Empty(node.Status.Settings);
        node.Want(Setting());
        node.Turn();
        File.Delete(node.SpecFile);
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void Looking_again_writes_nothing_more()
    {
        node.Want(Setting());
        node.Turn();
        var since = node.StatusOf("change-1").Since;
        var lines = File.ReadAllLines(node.HeldFile);
        node.Clock.Advance(TimeSpan.FromSeconds(10));
        node.Turn();
        Assert.Equal(lines, File.ReadAllLines(node.HeldFile));
        Assert.Equal(since, node.StatusOf("change-1").Since);
        Assert.Equal(node.Clock.GetUtcNow(), node.Status.ObservedAt);
    }

    [KernelFact]
    public void A_changed_value_keeps_the_original_before()
    {
        node.Want(Setting());
        node.Turn();
        node.Want(Setting(value: Other));
        node.Turn();
        Assert.Equal(Other, pod.Read(Rmem));
        Assert.Equal(before, node.StatusOf("change-1").Before);
        node.Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void A_setting_that_takes_the_place_of_another_keeps_the_original_before()
    {
        node.Want(Setting());
        node.Turn();
        node.Want(Setting(name: "change-2", value: Other));
        node.Turn();
        Assert.Equal(Other, pod.Read(Rmem));
        Assert.DoesNotContain(node.Status.Settings, s => s.Name == "change-1");
        node.Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void Of_two_settings_for_one_place_the_second_is_refused_and_takes_over_when_the_first_goes()
    {
        node.Want(Setting(), Setting(name: "change-2", value: Other));
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Equal(SettingState.Refused, node.StatusOf("change-2").State);
        Assert.Contains("already set by setting change-1", node.StatusOf("change-2").Message, StringComparison.Ordinal);

        node.Want(Setting(name: "change-2", value: Other), Setting());
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));

        node.Want(Setting(name: "change-2", value: Other));
        node.Turn();
        Assert.Equal(Other, pod.Read(Rmem));
        node.Want();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void What_an_administrator_writes_meanwhile_is_left_alone()
    {
        node.Want(Setting());
        node.Turn();
        pod.Write(Rmem, "4096 131072 2222222");
        node.Turn();
        Assert.Equal("4096 131072 2222222", pod.Read(Rmem));
        var status = node.StatusOf("change-1");
        Assert.Equal((SettingState.Overridden, before, "4096 131072 2222222"), (status.State, status.Before, status.Value));

        node.Want();
        node.Turn();
        Assert.Equal("4096 131072 2222222", pod.Read(Rmem));
        Assert.Equal(SettingState.Overridden, node.StatusOf("change-1").State);
        Assert.Empty(node.Held.All);
    }

    [KernelTheory]
    [InlineData("net.ipv4.tcp_congestion_control", "reno", "bbr")]
    [InlineData("net.ipv4.ip_local_port_range", "20000 60999", "30000 50999")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "30000-32767", "8080")]
    [InlineData("net.ipv4.conf.default.rp_filter", "2", "1")]
    [InlineData("net.ipv4.tcp_notsent_lowat", "131072", "262144")]
    [InlineData("net.ipv4.tcp_slow_start_after_idle", "0", "1")]
    public void Every_kind_of_value_is_applied_put_back_and_left_to_an_administrator(string sysctl, string value, string others)
    {
        pod.Write(sysctl, others);
        node.Want(Setting(sysctl: sysctl, value: value));
        node.Turn();
        Assert.Equal((value, SettingState.Applied), (pod.Read(sysctl), node.StatusOf("change-1").State));
        node.Want();
        node.Turn();
        Assert.Equal((others, SettingState.Reverted), (pod.Read(sysctl), node.StatusOf("change-1").State));

        node.Want(Setting(sysctl: sysctl, value: value));
        node.Turn();
        pod.Write(sysctl, others);
        node.Turn();
        Assert.Equal((others, SettingState.Overridden), (pod.Read(sysctl), node.StatusOf("change-1").State));
        node.Want();
        node.Turn();
        Assert.Equal(others, pod.Read(sysctl));
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void Ports_that_were_none_are_none_again()
    {
        const string Reserved = "net.ipv4.ip_local_reserved_ports";
        node.Want(Setting(sysctl: Reserved, value: "30000-32767"));
        node.Turn();
        node.Want();
        node.Turn();
        Assert.Empty(pod.Read(Reserved));
    }

    [KernelFact]
    public void A_congestion_control_that_this_kernel_lacks_is_refused_and_those_that_it_has_are_told()
    {
        node.Want(Setting(sysctl: "net.ipv4.tcp_congestion_control", value: "nosuch"));
        node.Turn();
        Assert.Contains("nosuch is not available: net.ipv4.tcp_available_congestion_control lists ", Refusal("change-1"), StringComparison.Ordinal);
        Assert.NotEmpty(Assert.Single(node.Status.Knobs, knob => knob.Sysctl == "net.ipv4.tcp_congestion_control").Choices);
    }

    [KernelFact]
    public void An_administrator_who_puts_back_the_original_is_left_alone()
    {
        node.Want(Setting());
        node.Turn();
        pod.Write(Rmem, before);
        node.Turn();
        node.Restart();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Overridden, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void A_new_change_after_an_override_starts_from_what_the_administrator_wrote()
    {
        node.Want(Setting());
        node.Turn();
        pod.Write(Rmem, "4096 131072 2222222");
        node.Turn();
        node.Want(Setting(name: "change-2", value: Other));
        node.Turn();
        Assert.Equal(Other, pod.Read(Rmem));
        node.Want();
        node.Turn();
        Assert.Equal("4096 131072 2222222", pod.Read(Rmem));
    }

    [KernelFact]
    public void What_went_with_its_pod_was_not_refused()
    {
        node.Want(Setting());
        node.Turn();
        pod.Delete();
        File.Delete(node.PodFile("archive-0"));
        node.Turn();
        node.Turn();
        Assert.Equal(SettingState.NamespaceGone, node.StatusOf("change-1").State);
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void A_value_that_becomes_unacceptable_is_put_back()
    {
        node.Want(Setting());
        node.Turn();
        node.Want(Setting(value: "4096 131072 99999999999"));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Refused, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void Expiry_puts_back_what_held_before_also_when_the_wish_cannot_be_read()
    {
        node.Want(Setting(revertAt: node.Clock.GetUtcNow().AddSeconds(30)));
        node.Turn();
        File.WriteAllText(node.SpecFile, "spec: [");
        node.Turn();
        node.Clock.Advance(TimeSpan.FromSeconds(29));
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Reverted, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void What_expired_is_not_applied_again_even_when_the_clock_goes_back_and_the_Tuner_starts_anew()
    {
        node.Want(Setting(revertAt: node.Clock.GetUtcNow().AddSeconds(30)));
        node.Turn();
        node.Clock.Advance(TimeSpan.FromSeconds(31));
        node.Turn();
        node.Clock.Advance(TimeSpan.FromHours(-1));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        node.Restart();
        node.Turn();
        node.Restart();
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        var status = node.StatusOf("change-1");
        Assert.Equal((SettingState.Reverted, before), (status.State, status.Before));
    }

    [KernelFact]
    public void A_clock_that_goes_back_does_not_make_a_change_hold_longer()
    {
        var clock = new JumpingClock(node.Clock);
        using var other = new TestNode(time: clock);
        other.AddPod("archive-0", pod.Path);
        other.Want(Setting(revertAt: clock.GetUtcNow().AddSeconds(30)));
        other.Turn();
        clock.Jump(TimeSpan.FromHours(-3));
        other.Turn();
        node.Clock.Advance(TimeSpan.FromSeconds(29));
        other.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        node.Clock.Advance(TimeSpan.FromSeconds(2));
        other.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Reverted, other.StatusOf("change-1").State);
    }

    [KernelFact]
    public void A_time_that_passed_while_no_Tuner_ran_is_made_up_for_first()
    {
        node.Want(Setting(revertAt: node.Clock.GetUtcNow().AddSeconds(30)));
        node.Turn();
        node.Stop();
        node.Clock.Advance(TimeSpan.FromMinutes(5));
        node.Start();
        Assert.True(node.Reconciler.RevertDue());
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void A_later_time_in_the_wish_lets_it_hold_longer()
    {
        var start = node.Clock.GetUtcNow();
        node.Want(Setting(revertAt: start.AddSeconds(30)));
        node.Turn();
        node.Want(Setting(revertAt: start.AddSeconds(60)));
        node.Turn();
        node.Clock.Advance(TimeSpan.FromSeconds(45));
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        node.Clock.Advance(TimeSpan.FromSeconds(15));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
    }

    [KernelFact]
    public void A_time_that_has_already_passed_applies_nothing()
    {
        node.Want(Setting(revertAt: node.Clock.GetUtcNow().AddSeconds(-1)));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Equal(SettingState.Refused, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void A_broken_wish_is_told_with_its_line_and_changes_nothing()
    {
        node.Want(Setting());
        node.Turn();
        var text = File.ReadAllText(node.SpecFile);
        File.WriteAllText(node.SpecFile, text.Replace("value:", "valeu:", StringComparison.Ordinal));
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Matches(@"node-1\.yaml:\d+: spec\.settings\[0\]\.valeu: is not a known field", node.Status.Problem);
        Assert.Equal(SettingState.Applied, node.StatusOf("change-1").State);

        File.WriteAllText(node.SpecFile, text);
        node.Turn();
        Assert.Empty(node.Status.Problem);
    }

    [KernelFact]
    public void A_name_that_stands_twice_is_told_with_its_line_and_changes_nothing()
    {
        node.Want(Setting(), Setting(sysctl: "net.ipv4.tcp_wmem"));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Matches(@"node-1\.yaml:\d+: spec\.settings\[1\]\.name: 'change-1' is the name of an earlier setting too", node.Status.Problem);
    }

    [KernelFact]
    public void A_wish_for_another_node_is_refused()
    {
        node.Want(Setting());
        File.WriteAllText(node.SpecFile, File.ReadAllText(node.SpecFile).Replace("node-1", "node-2", StringComparison.Ordinal));
        node.Turn();
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Contains("metadata.name: must be this node's name, node-1", node.Status.Problem, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Objects_that_are_gone_altogether_put_nothing_back()
    {
        node.Want(Setting());
        node.Turn();
        Directory.Move(node.ObjectsDirectory, node.ObjectsDirectory + ".away");
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Directory.Move(node.ObjectsDirectory + ".away", node.ObjectsDirectory);
        node.Turn();
        Assert.Equal(SettingState.Applied, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void A_namespace_that_vanished_is_said_and_forgotten()
    {
        node.Want(Setting());
        node.Turn();
        pod.Delete();
        node.Turn();
        var status = node.StatusOf("change-1");
        Assert.Equal(SettingState.NamespaceGone, status.State);
        Assert.Contains(pod.Path, status.Message, StringComparison.Ordinal);
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void A_namespace_that_took_a_name_over_is_another_one()
    {
        node.Want(Setting());
        node.Turn();
        pod.Delete();
        pod.Add();
        pod.Write(Rmem, "4096 131072 5555555");
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Equal("4096 131072 5555555", node.StatusOf("change-1").Before);
        node.Want();
        node.Turn();
        Assert.Equal("4096 131072 5555555", pod.Read(Rmem));
    }

    [KernelFact]
    public void A_namespace_that_took_a_name_over_while_no_Tuner_ran_is_not_touched_by_the_revert()
    {
        node.Want(Setting());
        node.Turn();
        node.Stop();
        pod.Delete();
        pod.Add();
        pod.Write(Rmem, Wanted);
        node.Want();
        node.Start();
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Equal(SettingState.NamespaceGone, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void A_namespace_that_lost_its_name_is_found_by_a_process_that_lives_in_it()
    {
        node.Want(Setting());
        node.Turn();
        using var inhabitant = pod.Inhabit();
        try
        {
            var inside = $"/proc/{inhabitant.Id}/ns/net";
            var wanted = NetPulse.Linux.NetworkNamespaces.NetworkNamespaceList.At(pod.Path)!.Inode;
            Assert.True(SpinWait.SpinUntil(() => NetPulse.Linux.NetworkNamespaces.NetworkNamespaceList.At(inside)?.Inode == wanted, TimeSpan.FromSeconds(10)));
            pod.Delete();
            node.Want();
            node.Turn();
            Assert.Equal(SettingState.Reverted, node.StatusOf("change-1").State);
            using var thread = new NetPulse.Linux.NetworkNamespaces.NetworkNamespaceThread();
            Assert.Equal(before, thread.Run(NetPulse.Linux.NetworkNamespaces.NetworkNamespaceList.At(inside)!, () => NetPulse.Linux.Sysctls.Sysctl.Read(Rmem)));
        }
        finally
        {
            inhabitant.Kill();
        }
    }

    [KernelFact]
    public void A_pod_that_is_gone_or_moved_has_its_old_namespace_put_back()
    {
        using var moved = new TestNamespace();
        node.Want(Setting());
        node.Turn();
        node.AddPod("archive-0", moved.Path);
        node.Turn();
        Assert.Equal((before, Wanted), (pod.Read(Rmem), moved.Read(Rmem)));
        File.Delete(node.PodFile("archive-0"));
        node.Turn();
        Assert.Equal(before, moved.Read(Rmem));
        Assert.Equal(SettingState.Refused, node.StatusOf("change-1").State);
        Assert.Contains("there is no pod lab/archive-0", node.StatusOf("change-1").Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_pod_that_cannot_be_read_keeps_what_holds()
    {
        node.Want(Setting());
        node.Turn();
        File.WriteAllText(node.PodFile("archive-0"), "kind: [");
        node.Turn();
        Assert.Equal(Wanted, pod.Read(Rmem));
        Assert.Equal(SettingState.Failed, node.StatusOf("change-1").State);
    }

    [KernelFact]
    public void What_may_not_be_changed_is_refused_with_the_reason()
    {
        node.AddPod("on-host", "/run/netns/none", hostNetwork: true);
        node.AddPod("in-host", "/proc/self/ns/net");
        node.AddPod("elsewhere", pod.Path, nodeName: "node-2");
        node.AddPod("no-namespace", "/run/netns/none");
        node.Want(
            Setting(name: "unknown", sysctl: "net.ipv4.tcp_reordering", value: "3"),
            Setting(name: "both", target: "archive-0") with { Workload = new WorkloadReference { Namespace = "lab", Name = "archive" } },
            Setting(name: "range", value: "1 2 3"),
            Setting(name: "on-host", target: "on-host"),
            Setting(name: "in-host", target: "in-host"),
            Setting(name: "elsewhere", target: "elsewhere"),
            Setting(name: "no-namespace", target: "no-namespace"),
            Setting(name: "floor", value: "4096 8192 1500000"));
        node.Turn();
        Assert.Contains("sysctls that the Tuner accepts; netpulse-tuner knobs lists them", Refusal("unknown"), StringComparison.Ordinal);
        Assert.Contains("1 is out of range; net.ipv4.tcp_rmem takes 3 numbers of 4096 to 67108864 bytes", Refusal("range"), StringComparison.Ordinal);
        Assert.Contains("it names a pod and a workload", Refusal("both"), StringComparison.Ordinal);
        Assert.Contains("hostNetwork", Refusal("on-host"), StringComparison.Ordinal);
        Assert.Contains("the node's own network namespace", Refusal("in-host"), StringComparison.Ordinal);
        Assert.Contains("runs on node node-2", Refusal("elsewhere"), StringComparison.Ordinal);
        Assert.Contains("never lowered below", Refusal("floor"), StringComparison.Ordinal);
        Assert.Equal(SettingState.NamespaceGone, node.StatusOf("no-namespace").State);
        Assert.Equal(before, pod.Read(Rmem));
        Assert.Empty(node.Held.All);
    }

    [KernelFact]
    public void What_cannot_be_written_in_a_namespace_is_found_out_by_trying()
    {
        using var other = new TestNode(new KnobTable(
        [
            new Knob("net.core.rmem_max", new KnobValue.Numbers("bytes", 1, 1, long.MaxValue), SysctlScope.Namespace, SysctlEffect.Live, "", ""),
            new Knob("net.ipv4.tcp_mem", new KnobValue.Numbers("pages", 3, 1, long.MaxValue), SysctlScope.NamespaceInherited, SysctlEffect.Live, "", ""),
            new Knob("net.ipv4.tcp_retries2", new KnobValue.Numbers("retransmissions", 1, 8, 15), SysctlScope.Node, SysctlEffect.Live, "", ""),
        ]));
        other.AddPod("archive-0", pod.Path);
        other.Want(
            Setting(name: "read-only", sysctl: "net.core.rmem_max", value: "300000"),
            Setting(name: "absent", sysctl: "net.ipv4.tcp_mem", value: "1 2 3"),
            Setting(name: "own", sysctl: "net.ipv4.tcp_retries2", value: "9"));
        other.Turn();
        Assert.All(new[] { "read-only", "absent" }, name => Assert.Contains("is the node's, for all network namespaces", other.StatusOf(name).Message, StringComparison.Ordinal));
        Assert.Equal(SettingState.Applied, other.StatusOf("own").State);
        Assert.Equal(
            [SysctlScope.Node, SysctlScope.Node, SysctlScope.Namespace],
            other.Status.Knobs.Select(knob => knob.Scope));
    }

    [KernelFact]
    public void A_value_that_the_kernel_refuses_is_said_and_nothing_is_left_behind()
    {
        using var other = new TestNode(new KnobTable([new Knob("net.ipv4.tcp_ecn", new KnobValue.Numbers("mode", 1, 0, 1000), SysctlScope.Namespace, SysctlEffect.Live, "", "")]));
        other.AddPod("archive-0", pod.Path);
        var ecn = pod.Read("net.ipv4.tcp_ecn");
        other.Want(Setting(sysctl: "net.ipv4.tcp_ecn", value: "999"));
        other.Turn();
        Assert.Equal(SettingState.Failed, other.StatusOf("change-1").State);
        Assert.Contains("the kernel refused it", other.StatusOf("change-1").Message, StringComparison.Ordinal);
        other.Want();
        other.Turn();
        Assert.Equal(ecn, pod.Read("net.ipv4.tcp_ecn"));
        Assert.Empty(other.Held.All);
    }

    [KernelFact]
    public void The_status_says_what_is_accepted()
    {
        node.Turn();
        var knob = Assert.Single(node.Status.Knobs, k => k.Sysctl == Rmem);
        Assert.Equal(("bytes", 3, 4096L, 67_108_864L, true), (knob.Unit, knob.Fields, knob.Minimum, knob.Maximum, knob.PerNamespace));
    }

    [KernelFact]
    public void A_removed_setting_is_shown_for_an_hour()
    {
        node.Want(Setting());
        node.Turn();
        node.Want();
        node.Turn();
        node.Restart();
        node.Clock.Advance(TimeSpan.FromMinutes(59));
        node.Turn();
        Assert.Equal(SettingState.Reverted, node.StatusOf("change-1").State);
        node.Clock.Advance(TimeSpan.FromMinutes(2));
        node.Turn();
        Assert.Empty(node.Status.Settings);
    }

    public void Dispose()
    {
        node.Dispose();
        pod.Dispose();
    }

    private static SysctlSetting Setting(string name = "change-1", string sysctl = Rmem, string value = Wanted, DateTimeOffset? revertAt = null, string target = "archive-0") => new()
    {
        Name = name,
        Pod = new PodReference { Namespace = "lab", Name = target },
        Sysctl = sysctl,
        Value = value,
        RevertAt = revertAt,
    };

    private string Refusal(string setting)
    {
        var status = node.StatusOf(setting);
        Assert.Equal(SettingState.Refused, status.State);
        return status.Message;
    }

    /// <summary>A wall clock that is set by hand, over time that passes evenly.</summary>
    private sealed class JumpingClock(TestClock even) : TimeProvider
    {
        private TimeSpan offset;

        public override long TimestampFrequency => even.TimestampFrequency;

        public override long GetTimestamp() => even.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => even.GetUtcNow() + offset;

        public void Jump(TimeSpan by) => offset += by;
    }
}
