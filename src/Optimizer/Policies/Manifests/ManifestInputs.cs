using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Policies.Manifests;

/// <summary>Policies and what they are about, out of manifests. Kinds that say nothing about either are left aside.</summary>
public static class ManifestInputs
{
    private const string DefaultNamespace = "default";

    private static readonly string[] WorkloadKinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"];

    /// <summary>A policy that the API server would reject would not be in force: it is left out, and told in <paramref name="faults"/> like every object that cannot be read.</summary>
    /// <param name="isChecked">False to take every policy as it is.</param>
    public static PolicyInputs Read(IEnumerable<ManifestObject> objects, ICollection<ObjectFileException> faults, bool isChecked = true)
    {
        var networkPolicies = ImmutableArray.CreateBuilder<NetworkPolicy>();
        var adminPolicies = ImmutableArray.CreateBuilder<AdminNetworkPolicy>();
        var baselines = ImmutableArray.CreateBuilder<BaselineAdminNetworkPolicy>();
        var clusterPolicies = ImmutableArray.CreateBuilder<ClusterNetworkPolicy>();
        var namespaces = ImmutableArray.CreateBuilder<Namespace>();
        var pods = ImmutableArray.CreateBuilder<Pod>();
        var nodes = ImmutableArray.CreateBuilder<Node>();
        foreach (var found in objects)
        {
            try
            {
                switch (found.ApiVersion, found.Kind)
                {
                    case (NetworkPolicy.Version, nameof(NetworkPolicy)):
                        var policy = found.Read<NetworkPolicy>();
                        Take(networkPolicies, found, policy with { Metadata = InNamespace(policy.Metadata) }, NetworkPolicyValidation.Of);
                        break;
                    case (AdminNetworkPolicy.Version, nameof(AdminNetworkPolicy)):
                        Take(adminPolicies, found, found.Read<AdminNetworkPolicy>(), AdminPolicyValidation.Of);
                        break;
                    case (AdminNetworkPolicy.Version, nameof(BaselineAdminNetworkPolicy)):
                        Take(baselines, found, found.Read<BaselineAdminNetworkPolicy>(), AdminPolicyValidation.Of);
                        break;
                    case (ClusterNetworkPolicy.Version, nameof(ClusterNetworkPolicy)):
                        Take(clusterPolicies, found, found.Read<ClusterNetworkPolicy>(), AdminPolicyValidation.Of);
                        break;
                    case ("v1", nameof(Namespace)):
                        namespaces.Add(found.Read<Namespace>());
                        break;
                    case ("v1", nameof(Node)):
                        nodes.Add(found.Read<Node>());
                        break;
                    case ("v1", nameof(Pod)):
                        var pod = found.Read<Pod>();
                        pods.Add(pod with { Metadata = InNamespace(pod.Metadata) });
                        break;
                    case (_, nameof(NetworkPolicy) or nameof(AdminNetworkPolicy) or nameof(BaselineAdminNetworkPolicy) or nameof(ClusterNetworkPolicy))
                        when found.ApiVersion.Length == 0 || found.ApiVersion.Contains("networking.k8s.io", StringComparison.Ordinal):
                        throw Fault(found, "apiVersion", $"\"{found.ApiVersion}\" is not one that we know for {found.Kind}");
                    case (_, "CronJob"):
                        pods.Add(PodOf(found, found.Root["spec"]?["jobTemplate"]?["spec"]?["template"]));
                        break;
                    case (_, var kind) when WorkloadKinds.Contains(kind):
                        pods.Add(PodOf(found, found.Root["spec"]?["template"]));
                        break;
                    default:
                        break;
                }
            }
            catch (ObjectFileException e)
            {
                faults.Add(e);
            }
        }

        return new PolicyInputs
        {
            NetworkPolicies = networkPolicies.DrainToImmutable(),
            AdminNetworkPolicies = adminPolicies.DrainToImmutable(),
            BaselineAdminNetworkPolicies = baselines.DrainToImmutable(),
            ClusterNetworkPolicies = clusterPolicies.DrainToImmutable(),
            Namespaces = namespaces.DrainToImmutable(),
            Pods = pods.DrainToImmutable(),
            Nodes = nodes.DrainToImmutable(),
        };

        void Take<T>(ImmutableArray<T>.Builder taken, ManifestObject found, T policy, Func<T, IEnumerable<PolicyFault>> validate)
        {
            var wrong = isChecked ? validate(policy).ToList() : [];
            foreach (var fault in wrong)
            {
                faults.Add(Fault(found, fault.Field, $"{fault.Problem}; the API server would reject this policy, so it is left out"));
            }

            if (wrong.Count == 0)
            {
                taken.Add(policy);
            }
        }
    }

    /// <summary>A workload stands for one of its pods, named after it.</summary>
    private static Pod PodOf(ManifestObject workload, JsonNode? template)
    {
        if (template is not JsonObject stated)
        {
            throw Fault(workload, "spec.template", "is missing");
        }

        var owner = workload.Read<Owner>().Metadata;
        var root = (JsonObject)stated.DeepClone();
        if (root["metadata"] is not JsonObject metadata)
        {
            root["metadata"] = metadata = [];
        }

        (metadata["name"], metadata["namespace"]) = (owner.Name, InNamespace(owner).Namespace);
        return (workload with { Root = root }).Read<Pod>();
    }

    private static ObjectMeta InNamespace(ObjectMeta metadata) => metadata.Namespace.Length > 0 ? metadata : metadata with { Namespace = DefaultNamespace };

    private static ObjectFileException Fault(ManifestObject found, string field, string problem) => new(found.Document.File, found.LineOf(field), field, problem);

    private sealed record Owner([property: JsonRequired] ObjectMeta Metadata);
}
