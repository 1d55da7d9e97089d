using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Tuner.Namespaces;

/// <summary>The answer to "which network namespace is this pod's?".</summary>
public abstract record PodNamespace
{
    private PodNamespace()
    {
    }

    public sealed record Found(TargetNamespace Target) : PodNamespace;

    /// <summary>The pod has one, but it is not there (any more).</summary>
    public sealed record Gone(string Reason) : PodNamespace;

    /// <summary>There is none that may be changed for this pod.</summary>
    public sealed record Refused(string Reason) : PodNamespace;

    /// <exception cref="NetworkNamespaceException">It is there but may not be entered.</exception>
    public static PodNamespace Of(Pod pod, string node, NamespaceSysctls sysctls)
    {
        var name = $"pod {pod.Metadata.Namespace}/{pod.Metadata.Name}";
        if (pod.Spec.NodeName.Length > 0 && pod.Spec.NodeName != node)
        {
            return new Refused($"{name} runs on node {pod.Spec.NodeName}, not on {node}");
        }

        if (pod.Spec.HostNetwork)
        {
            return new Refused($"{name} uses the node's own network (hostNetwork); a setting without pod changes the node");
        }

        if (!pod.Metadata.Annotations.TryGetValue(Pod.NetworkNamespaceAnnotation, out var path))
        {
            return new Refused($"{name} has no annotation {Pod.NetworkNamespaceAnnotation} that names its network namespace");
        }

        return sysctls.At(path) switch
        {
            null => new Gone($"{name}: there is no network namespace at {path}"),
            { Namespace.IsHost: true } => new Refused($"{name}: {path} is the node's own network namespace, though the pod is not of hostNetwork"),
            { } target => new Found(target),
        };
    }
}
