namespace NetPulse.Kubernetes.Objects;

/// <summary>A question that the API server answers at once and keeps nowhere.</summary>
public interface IReview<TSelf>
    where TSelf : class, IReview<TSelf>
{
#pragma warning disable S2743 // abstract: each kind has its own
    static abstract ResourceType Type { get; }
#pragma warning restore S2743
}

/// <summary>authentication.k8s.io/v1: whose token this is. A bad token is an answer (201), not an error.</summary>
public sealed record TokenReview : IReview<TokenReview>
{
    public static ResourceType Type { get; } = new("authentication.k8s.io", "v1", "tokenreviews", nameof(TokenReview), IsNamespaced: false);

    public string ApiVersion { get; init; } = "authentication.k8s.io/v1";

    public string Kind { get; init; } = nameof(TokenReview);

    public TokenReviewSpec Spec { get; init; } = new();

    public TokenReviewStatus? Status { get; init; }
}

public sealed record TokenReviewSpec
{
    public string Token { get; init; } = "";

    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Without the token: a review may end up in a log.</summary>
    public override string ToString() => $"{nameof(TokenReviewSpec)} for {string.Join(", ", Audiences)}";
}

public sealed record TokenReviewStatus
{
    public bool Authenticated { get; init; }

    public UserInfo User { get; init; } = new();

    public IReadOnlyList<string> Audiences { get; init; } = [];

    public string Error { get; init; } = "";
}

public sealed record UserInfo
{
    public string Username { get; init; } = "";

    public string Uid { get; init; } = "";

    public IReadOnlyList<string> Groups { get; init; } = [];

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
}

/// <summary>authorization.k8s.io/v1: whether somebody may do something.</summary>
public sealed record SubjectAccessReview : IReview<SubjectAccessReview>
{
    public static ResourceType Type { get; } = new("authorization.k8s.io", "v1", "subjectaccessreviews", nameof(SubjectAccessReview), IsNamespaced: false);

    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";

    public string Kind { get; init; } = nameof(SubjectAccessReview);

    public SubjectAccessReviewSpec Spec { get; init; } = new();

    public SubjectAccessReviewStatus? Status { get; init; }
}

/// <summary>authorization.k8s.io/v1: whether we ourselves may.</summary>
public sealed record SelfSubjectAccessReview : IReview<SelfSubjectAccessReview>
{
    public static ResourceType Type { get; } = new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", nameof(SelfSubjectAccessReview), IsNamespaced: false);

    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";

    public string Kind { get; init; } = nameof(SelfSubjectAccessReview);

    public SubjectAccessReviewSpec Spec { get; init; } = new();

    public SubjectAccessReviewStatus? Status { get; init; }
}

public sealed record SubjectAccessReviewSpec
{
    /// <summary>Empty in a review of ourselves.</summary>
    public string User { get; init; } = "";

    public IReadOnlyList<string> Groups { get; init; } = [];

    public string Uid { get; init; } = "";

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Extra { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    public ResourceAttributes? ResourceAttributes { get; init; }

    public NonResourceAttributes? NonResourceAttributes { get; init; }
}

public sealed record ResourceAttributes
{
    public string Namespace { get; init; } = "";

    public string Verb { get; init; } = "";

    public string Group { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    public string Name { get; init; } = "";
}

public sealed record NonResourceAttributes
{
    public string Path { get; init; } = "";

    public string Verb { get; init; } = "";
}

public sealed record SubjectAccessReviewStatus
{
    public bool Allowed { get; init; }

    /// <summary>Refused for good; otherwise only nobody allowed it.</summary>
    public bool Denied { get; init; }

    public string Reason { get; init; } = "";

    public string EvaluationError { get; init; } = "";
}

/// <summary>authorization.k8s.io/v1: all that we ourselves may in one namespace, those of the whole cluster among them.</summary>
public sealed record SelfSubjectRulesReview : IReview<SelfSubjectRulesReview>
{
    public static ResourceType Type { get; } = new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", nameof(SelfSubjectRulesReview), IsNamespaced: false);

    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";

    public string Kind { get; init; } = nameof(SelfSubjectRulesReview);

    public SelfSubjectRulesReviewSpec Spec { get; init; } = new();

    public SubjectRulesReviewStatus? Status { get; init; }
}

public sealed record SelfSubjectRulesReviewSpec
{
    public string Namespace { get; init; } = "";
}

public sealed record SubjectRulesReviewStatus
{
    public IReadOnlyList<ResourceRule> ResourceRules { get; init; } = [];

    /// <summary>Another authorizer may allow more, which it cannot list.</summary>
    public bool Incomplete { get; init; }
}

/// <summary>What a role allows; <c>*</c> is everything.</summary>
public sealed record ResourceRule
{
    public IReadOnlyList<string> Verbs { get; init; } = [];

    public IReadOnlyList<string> ApiGroups { get; init; } = [];

    /// <summary>With their subresources, as <c>nodetunings/status</c>; <c>*/status</c> is that of every resource.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Empty: whatever the name.</summary>
    public IReadOnlyList<string> ResourceNames { get; init; } = [];
}
