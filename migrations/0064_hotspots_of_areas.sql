-- A city has some hundreds of places that come back: those of an area are found by reading them all, as no statement of the tests
-- used this (scripts/unused-indexes).

drop index hotspot_area_codes_idx;
