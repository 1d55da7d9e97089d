using NetPulse.Collector.Attribution;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class WorkloadNameTests
{
    [Theory]
    [InlineData("web-7d9f8b6c5d-x2x4z", "ReplicaSet", "web-7d9f8b6c5d", "7d9f8b6c5d", "Deployment", "web")]
    [InlineData("web-7d9f8b6c5d-x2x4z", "ReplicaSet", "web-7d9f8b6c5d", "", "ReplicaSet", "web-7d9f8b6c5d")]
    [InlineData("bare-x2x4z", "ReplicaSet", "bare", "7d9f8b6c5d", "ReplicaSet", "bare")]
    [InlineData("archive-0", "StatefulSet", "archive", "", "StatefulSet", "archive")]
    [InlineData("agent-bq7xk", "DaemonSet", "agent", "", "DaemonSet", "agent")]
    [InlineData("backup-29384756-abcde", "Job", "backup-29384756", "", "CronJob", "backup")]
    [InlineData("migrate-2-abcde", "Job", "migrate-2", "", "Job", "migrate-2")]
    [InlineData("kube-apiserver-node1", "Node", "node1", "", "Pod", "kube-apiserver")]
    [InlineData("odd", "Rollout", "odd-rollout", "", "Rollout", "odd-rollout")]
    public void A_pods_workload_is_what_its_owners_say(string pod, string ownerKind, string owner, string hash, string kind, string workload)
    {
        var identity = WorkloadName.Of(new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = pod,
                Namespace = "shop",
                Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.TemplateHashLabel] = hash, [Pod.WorkloadLabel] = "ignored" },
                OwnerReferences = [new OwnerReference { Kind = "Config", Name = "not-it" }, new OwnerReference { Kind = ownerKind, Name = owner, Controller = true }],
            },
        });
        Assert.Equal((kind, workload, pod), (identity.Kind, identity.Workload, identity.Pod));
    }

    [Fact]
    public void A_pod_in_the_hosts_network_says_so() => Assert.True(
        WorkloadName.Of(new Pod { Metadata = new ObjectMeta { Name = "a" }, Spec = new PodSpec { HostNetwork = true } }).IsHostNetwork);
}
