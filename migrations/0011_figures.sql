-- What all buildings say of one facet, without going from building to building.

CREATE INDEX building_figures_by_facet ON building_figures (tenant_id, facet, building_id, amount);
