using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>The pods of this node.</summary>
/// <param name="Problems">Files that could not be understood, or why the API server could not be asked: which pods that is about is not known.</param>
public sealed record PodDirectory(IReadOnlyList<Pod> Pods, IReadOnlyList<string> Problems)
{
    public Pod? Find(PodReference reference) =>
        Pods.FirstOrDefault(pod => pod.Metadata.Name == reference.Name && pod.Metadata.Namespace == reference.Namespace);
}
