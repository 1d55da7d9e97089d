namespace NetPulse.Hosting;

/// <summary>Where a service's Kubernetes objects are.</summary>
public enum ObjectSource
{
    /// <summary>Directories of YAML files: standalone mode.</summary>
    Directory,

    /// <summary>The API server: in a pod by its service account, elsewhere by kubeconfig.</summary>
    Cluster,
}
