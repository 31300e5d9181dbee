"""What a service or an Entra tenant has already, as declarations: live values in, YAML files out.

A service: service (all of it), one_object (drift of one), elsewhere (what other files say already); invert runs mappings
backwards. Entra: entra/. What is there is changed in place by yaml_edit/, comments kept.
"""
