using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Lab.Topology;

/// <summary>The pods' objects as files, <c>pods/NAMESPACE-NAME.yaml</c>: how standalone services learn whose network namespace is whose.</summary>
/// <param name="objectsDirectory">The directory that stands for the API server.</param>
/// <param name="nodeName">The node that all pods are on.</param>
internal sealed class PodObjects(string objectsDirectory, string nodeName)
{
    private readonly string pods = Path.Combine(objectsDirectory, "pods");

    internal void Write(LabPod pod)
    {
        Directory.CreateDirectory(pods);
        ObjectFile.Write(PathOf(pod), pod.ToObject(nodeName));
    }

    internal void Delete(LabPod pod) => File.Delete(PathOf(pod));

    /// <summary>Deletes the objects of pods whose network namespaces begin with the prefix: a lab that was killed left them.</summary>
    internal void DeleteLeftovers(string networkNamespacePrefix)
    {
        if (!Directory.Exists(pods))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(pods, $"{PodDescription.KubernetesNamespace}-*.yaml"))
        {
            if (ObjectFile.Read<Pod>(file).Metadata.Annotations.TryGetValue(Pod.NetworkNamespaceAnnotation, out var path)
                && path.StartsWith(Path.Combine(LabNamespaces.Directory, networkNamespacePrefix), StringComparison.Ordinal))
            {
                File.Delete(file);
            }
        }
    }

    private string PathOf(LabPod pod) => Path.Combine(pods, $"{PodDescription.KubernetesNamespace}-{pod.Name}.yaml");
}
