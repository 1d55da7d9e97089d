using System.Security.Cryptography;
using System.Text;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Apply;

/// <summary>What makes two proposals the same one: where, and which sysctls. Not the values, which are computed anew from each measurement.</summary>
public static class RecommendationKey
{
    public static string Of(SysctlProposal proposal) => Of(proposal.Node, proposal.Pod, proposal.Writes.Select(static write => write.Sysctl));

    public static string Of(Change change) => Of(change.Node, change.Pod, change.Writes.Select(static write => write.Sysctl));

    /// <summary>The recommendation behind a proposal or change that is not finished; <see langword="null"/> when there is none.</summary>
    public static NetworkRecommendation? Unfinished(this ClusterSnapshot cluster, string fingerprint) =>
        cluster.Recommendations.FirstOrDefault(each => each.Spec?.Source.Fingerprint == fingerprint && !IsFinished(each));

    /// <summary>Nothing more comes of it. A rejection lasts until the object goes: the same is not proposed again meanwhile.</summary>
    public static bool IsFinished(NetworkRecommendation recommendation) =>
        recommendation.Status?.Phase is RecommendationPhase.Verified or RecommendationPhase.RolledBack or RecommendationPhase.Expired or RecommendationPhase.Superseded;

    private static string Of(string node, PodReference? pod, IEnumerable<string> sysctls) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{(pod is null ? $"node {node}" : $"pod {pod}")}\n{string.Join('\n', sysctls)}")).AsSpan(0, 8));
}
